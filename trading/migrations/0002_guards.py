"""What one row's CHECK cannot say: laws across rows, and what never changes after listing."""

from django.db import migrations

from godark.append_only import keep_append_only

BRACKETS = """
CREATE FUNCTION trading_check_brackets(wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    low record;
    high record;
BEGIN
    -- The lock makes two changes of one schedule queue up, so that each sees the other's rows.
    PERFORM 1 FROM trading_bracketschedule WHERE id = wanted FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    FOR high IN
        SELECT * FROM trading_bracket WHERE schedule_id = wanted
        ORDER BY notional_up_to_micro NULLS LAST
    LOOP
        IF low IS NULL THEN
            IF high.deduction_micro <> 0 THEN
                RAISE EXCEPTION 'bracket schedule %: the first deduction is not zero', wanted
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'brackets_continuous';
            END IF;
        ELSE
            IF high.max_leverage >= low.max_leverage
                OR high.initial_margin_ppb <= low.initial_margin_ppb
                OR high.maintenance_margin_ppb <= low.maintenance_margin_ppb
            THEN
                RAISE EXCEPTION 'bracket schedule %: not monotone above a notional of %',
                    wanted, low.notional_up_to_micro
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'brackets_monotone';
            END IF;
            IF (high.deduction_micro - low.deduction_micro)::numeric * 1000000000
                <> low.notional_up_to_micro::numeric
                    * (high.maintenance_margin_ppb - low.maintenance_margin_ppb)
            THEN
                RAISE EXCEPTION 'bracket schedule %: maintenance margin jumps at a notional of %',
                    wanted, low.notional_up_to_micro
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'brackets_continuous';
            END IF;
        END IF;
        low := high;
    END LOOP;
    IF low IS NULL OR low.notional_up_to_micro IS NOT NULL THEN
        RAISE EXCEPTION 'bracket schedule %: no last bracket without a border', wanted
            USING ERRCODE = 'check_violation', CONSTRAINT = 'brackets_open_at_the_top';
    END IF;
END
$$;
CREATE FUNCTION trading_bracket_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM trading_check_brackets(OLD.schedule_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM trading_check_brackets(NEW.schedule_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION trading_schedule_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trading_check_brackets(NEW.id);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER brackets_continuous
    AFTER INSERT OR UPDATE OR DELETE ON trading_bracket
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trading_bracket_changed();
CREATE CONSTRAINT TRIGGER brackets_exist
    AFTER INSERT ON trading_bracketschedule
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trading_schedule_added();
"""
NO_BRACKETS = """
DROP TRIGGER brackets_exist ON trading_bracketschedule;
DROP TRIGGER brackets_continuous ON trading_bracket;
DROP FUNCTION trading_schedule_added();
DROP FUNCTION trading_bracket_changed();
DROP FUNCTION trading_check_brackets(bigint);
"""

SOURCES = """
CREATE FUNCTION trading_check_sources(wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    least smallint;
    listed bigint;
BEGIN
    SELECT least_sources INTO least FROM trading_market WHERE id = wanted FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT count(*) INTO listed FROM trading_pricesource
        WHERE market_id = wanted AND role IN ('INDEX', 'ORACLE');
    IF listed < least THEN
        RAISE EXCEPTION 'market %: % price sources, at least % are demanded', wanted, listed, least
            USING ERRCODE = 'check_violation', CONSTRAINT = 'market_has_its_least_sources';
    END IF;
END
$$;
CREATE FUNCTION trading_source_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM trading_check_sources(OLD.market_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM trading_check_sources(NEW.market_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION trading_least_sources_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trading_check_sources(NEW.id);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER market_keeps_its_least_sources
    AFTER UPDATE OR DELETE ON trading_pricesource
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trading_source_changed();
CREATE CONSTRAINT TRIGGER market_has_its_least_sources
    AFTER INSERT OR UPDATE OF least_sources ON trading_market
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trading_least_sources_changed();
"""
NO_SOURCES = """
DROP TRIGGER market_has_its_least_sources ON trading_market;
DROP TRIGGER market_keeps_its_least_sources ON trading_pricesource;
DROP FUNCTION trading_least_sources_changed();
DROP FUNCTION trading_source_changed();
DROP FUNCTION trading_check_sources(bigint);
"""

TERMS = """
CREATE FUNCTION trading_refuse_new_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % refused: what a market is never changes', TG_OP, OLD.symbol
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER market_terms_never_change BEFORE UPDATE ON trading_market FOR EACH ROW
    WHEN (
        (OLD.id, OLD.symbol, OLD.base, OLD.quote, OLD.kind, OLD.tick_size, OLD.lot_size,
            OLD.listing_price, OLD.listing_priced_on, OLD.listed_at)
        IS DISTINCT FROM
        (NEW.id, NEW.symbol, NEW.base, NEW.quote, NEW.kind, NEW.tick_size, NEW.lot_size,
            NEW.listing_price, NEW.listing_priced_on, NEW.listed_at)
    )
    EXECUTE FUNCTION trading_refuse_new_terms();
CREATE TRIGGER market_is_never_deleted BEFORE DELETE ON trading_market FOR EACH ROW
    EXECUTE FUNCTION trading_refuse_new_terms();
"""
NO_TERMS = """
DROP TRIGGER market_is_never_deleted ON trading_market;
DROP TRIGGER market_terms_never_change ON trading_market;
DROP FUNCTION trading_refuse_new_terms();
"""


class Migration(migrations.Migration):
    dependencies = [("trading", "0001_markets")]

    operations = [
        migrations.RunSQL(sql=BRACKETS, reverse_sql=NO_BRACKETS),
        migrations.RunSQL(sql=SOURCES, reverse_sql=NO_SOURCES),
        migrations.RunSQL(sql=TERMS, reverse_sql=NO_TERMS),
        keep_append_only("trading_venuemodechange"),
    ]
