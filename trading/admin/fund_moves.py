"""What staff types to move the venue's money, and what it would come to."""

from django import forms

from trading.admin.asking import ReasonField
from trading.admin.typed import usdt_field
from trading.admin.words import in_usdt
from trading.models import Market, MarketState
from trading.selectors.funds import backstop, global_fund_micro, market_fund

TO, FROM = "to", "from"
Diff = list[dict[str, str]]


class ContributionForm(forms.Form):
    """Which fund, how much, why."""

    market = forms.ModelChoiceField(
        Market.objects.exclude(state=MarketState.DELISTED).order_by("rank"),
        required=False,
        empty_label="The global fund",
        help_text="A market's debt is repaid first.",
    )
    amount = usdt_field(
        least=1, help_text="Of the venue's own money in the treasury, beyond what is owed."
    )
    reason = ReasonField(help_text="Kept for ever; the other person reads it.")


class BackstopForm(forms.Form):
    """Which way, how much, why."""

    way = forms.ChoiceField(
        choices=[(TO, "From the global fund to the backstop"), (FROM, "Back to the global fund")]
    )
    amount = usdt_field(least=1)
    reason = ReasonField(help_text="Kept for ever; the other person reads it.")

    def signed_micro(self) -> int:
        """Return the amount, below zero for the way back."""
        amount: int = self.cleaned_data["amount"]
        return amount if self.cleaned_data["way"] == TO else -amount


def diff_of_contribution(market: Market | None, amount_micro: int, /) -> Diff:
    """Return a fund, and a market's debt, as they stand and as they would."""
    if market is None:
        return [_line("Global insurance fund", global_fund_micro(), amount_micro)]
    now = market_fund(market, mark=None)
    repaid = min(now.debt_micro, amount_micro)
    debt = [_line(f"Venue debt in {market}", now.debt_micro, -repaid)] if repaid else []
    return [
        _line(f"Insurance fund of {market}", now.insurance_micro, amount_micro - repaid),
        *debt,
    ]


def diff_of_backstop(amount_micro: int, /) -> Diff:
    """Return the global fund and the backstop as they stand and as they would."""
    ours = backstop()
    room = max(0, ours.room_micro())
    then = max(0, ours.room_micro(moved_micro=amount_micro))
    return [
        _line("Global insurance fund", global_fund_micro(), -amount_micro),
        _line("Backstop's cash", ours.cash_micro, amount_micro),
        _line("The backstop may take over", room, then - room),
    ]


def _line(name: str, now_micro: int, change_micro: int) -> dict[str, str]:
    was, to = (f"{in_usdt(micro)} USDT" for micro in (now_micro, now_micro + change_micro))
    return {"name": name, "was": was, "to": to}
