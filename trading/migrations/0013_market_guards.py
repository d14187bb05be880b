"""Two holes in what guards the markets: TRUNCATE fires no row's trigger, and leverage unheld."""

from typing import ClassVar

from django.db import migrations

from godark.append_only import keep_from_emptying

LEVERAGE = """
CREATE FUNCTION trading_check_leverage(wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    given smallint;
    greedy record;
BEGIN
    -- As for the brackets themselves: two changes of one schedule queue up.
    PERFORM 1 FROM trading_bracketschedule WHERE id = wanted FOR NO KEY UPDATE;
    SELECT max(max_leverage) INTO given FROM trading_bracket WHERE schedule_id = wanted;
    SELECT symbol, max_leverage INTO greedy FROM trading_market
        WHERE bracket_schedule_id = wanted AND max_leverage > given LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'market % offers a leverage of %, its brackets give %',
            greedy.symbol, greedy.max_leverage, given
            USING ERRCODE = 'check_violation', CONSTRAINT = 'market_leverage_within_brackets';
    END IF;
END
$$;
CREATE FUNCTION trading_market_leverage_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trading_check_leverage(NEW.bracket_schedule_id);
    RETURN NULL;
END
$$;
CREATE FUNCTION trading_bracket_leverage_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trading_check_leverage(OLD.schedule_id);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER market_leverage_within_brackets
    AFTER INSERT OR UPDATE OF max_leverage, bracket_schedule_id ON trading_market
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trading_market_leverage_changed();
CREATE CONSTRAINT TRIGGER brackets_give_what_markets_offer
    AFTER UPDATE OR DELETE ON trading_bracket
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trading_bracket_leverage_changed();
"""
NO_LEVERAGE = """
DROP TRIGGER brackets_give_what_markets_offer ON trading_bracket;
DROP TRIGGER market_leverage_within_brackets ON trading_market;
DROP FUNCTION trading_bracket_leverage_changed();
DROP FUNCTION trading_market_leverage_changed();
DROP FUNCTION trading_check_leverage(bigint);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("trading", "0012_figures_and_ranks")]

    operations: ClassVar = [
        migrations.RunSQL(sql=LEVERAGE, reverse_sql=NO_LEVERAGE),
        keep_from_emptying("trading_market"),
        keep_from_emptying("trading_bracketschedule"),
        keep_from_emptying("trading_bracket"),
        keep_from_emptying("trading_pricesource"),
        keep_from_emptying("trading_tradingcalendar"),
        keep_from_emptying("trading_holiday"),
    ]
