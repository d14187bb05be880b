"""The venue's own money in the back office: funds, backstop, debt; their history, and moving them.

From each figure the ledger is one link away. Moves are proposed here and approved by another
(`trading.admin.proposals`).
"""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.ledger.models import LedgerAccount, Phase
from accounts.staff_site import ReadOnlyAdmin, title_of
from trading.admin.ledger import account_title, link
from trading.admin.words import in_usdt, in_usdt_whole, moment, price_of, size_of
from trading.models import Market, MarketFunds, VenueFunds
from trading.selectors.funds import (
    accounts_of_market,
    accounts_of_venue,
    backstop,
    market_fund,
    newest_postings,
)
from trading.selectors.marks import marks_of

MOVES_FUNDS = "trading.move_funds"


class FundsAdmin(ReadOnlyAdmin):
    """A list of funds, whose pages tell figures, accounts of the ledger and what moved in them."""

    change_list_template = "admin/trading/funds_list.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with the ways to propose for those who may."""
        own = {"may_move": request.user.has_perm(MOVES_FUNDS)}
        return super().changelist_view(request, own | (extra_context or {}))

    def page(
        self, request: HttpRequest, accounts: Iterable[LedgerAccount], **own: Any
    ) -> HttpResponse:
        """Show figures, and the accounts of the ledger that they stand in."""
        found = list(accounts)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "list_title": title_of(self.opts),
            "may_move": request.user.has_perm(MOVES_FUNDS),
            "accounts": [account_row(account) for account in found],
            "postings": [posting_row(posting) for posting in newest_postings(found)],
        }
        return TemplateResponse(request, "admin/trading/funds.html", context | own)


@admin.register(MarketFunds)
class MarketFundsAdmin(FundsAdmin):
    """Each market's insurance fund, debt, funding on its way and open interest."""

    list_display = ("market", "insurance", "debt", "funding_pot", "open_interest", "published")
    list_select_related = ("market",)
    ordering = ("market__rank",)
    list_per_page = 100
    search_fields = ("market__symbol",)

    @admin.display(description="insurance (USDT)", ordering="insurance_micro")
    def insurance(self, funds: MarketFunds) -> str:
        """Return the fund."""
        return in_usdt(funds.insurance_micro)

    @admin.display(description="venue debt (USDT)", ordering="debt_micro")
    def debt(self, funds: MarketFunds) -> str:
        """Return what the venue owes in this market."""
        return in_usdt(funds.debt_micro)

    @admin.display(description="funding pot (USDT)")
    def funding_pot(self, funds: MarketFunds) -> str:
        """Return the funding on its way."""
        return in_usdt(funds.funding_pot_micro)

    @admin.display(description="open interest")
    def open_interest(self, funds: MarketFunds) -> str:
        """Return the open interest now."""
        return size_of(funds.open_interest_lots, funds.market)

    @admin.display(description="as published")
    def published(self, funds: MarketFunds) -> str:
        """Return what the public is told."""
        return size_of(funds.published_lots, funds.market)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a market's fund beside its target, its debt, and what moved in both."""
        funds = self.get_object(request, object_id)
        if funds is None or not self.has_view_permission(request, funds):
            return super().change_view(request, object_id, form_url, extra_context)
        market: Market = funds.market
        fund = market_fund(market, mark=marks_of([market.pk]).get(market.pk))
        target = "unknown" if fund.target_micro is None else in_usdt(fund.target_micro)
        facts = [
            ("Insurance fund (USDT)", in_usdt(fund.insurance_micro)),
            ("Target: 1% of open interest (USDT)", target),
            ("Venue debt (USDT)", in_usdt(fund.debt_micro)),
            ("Funding on its way (USDT)", in_usdt(funds.funding_pot_micro)),
            (f"Open interest ({market.base})", self.open_interest(funds)),
        ]
        warnings = []
        if fund.is_low:
            warnings.append(
                "The fund is below half of its target: liquidation fees go to it whole."
            )
        if fund.debt_micro:
            warnings.append("While the venue owes here, the market only reduces.")
        return self.page(
            request,
            accounts_of_market(market),
            title=f"Insurance of {market}",
            facts=facts,
            warnings=warnings,
            market=market,
        )


@admin.register(VenueFunds)
class VenueFundsAdmin(FundsAdmin):
    """The venue's own money: fees, the global insurance fund, the backstop, money from outside."""

    list_display = ("name", "fees", "global_insurance", "external")
    ordering = ("pk",)

    @admin.display(description="whose")
    def name(self, funds: VenueFunds) -> str:
        """Return what it is."""
        return str(funds)

    @admin.display(description="fees (USDT)")
    def fees(self, funds: VenueFunds) -> str:
        """Return the fees earned."""
        return in_usdt(funds.fees_micro)

    @admin.display(description="global insurance (USDT)")
    def global_insurance(self, funds: VenueFunds) -> str:
        """Return the global fund."""
        return in_usdt(funds.global_insurance_micro)

    @admin.display(description="from outside, net (USDT)")
    def external(self, funds: VenueFunds) -> str:
        """Return what came in from outside."""
        return in_usdt(funds.external_micro)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the global fund, the backstop with what it holds, and what moved in them."""
        funds = self.get_object(request, object_id)
        if funds is None or not self.has_view_permission(request, funds):
            return super().change_view(request, object_id, form_url, extra_context)
        ours = backstop()
        facts = [
            ("Global insurance fund (USDT)", in_usdt(funds.global_insurance_micro)),
            ("Fees earned (USDT)", in_usdt(funds.fees_micro)),
            ("From outside, net (USDT)", in_usdt(funds.external_micro)),
            ("Backstop's cash (USDT)", in_usdt(ours.cash_micro)),
            ("Backstop's equity (USDT)", in_usdt(ours.equity_micro)),
            ("It holds (USDT)", in_usdt(ours.notional_micro)),
            ("It may take over (USDT)", in_usdt(max(0, ours.room_micro()))),
        ]
        warnings = []
        if ours.room_micro() <= 0:
            warnings.append("The backstop takes over nothing more: it is at five times its equity.")
        return self.page(
            request,
            accounts_of_venue(),
            title="The venue's own money",
            facts=facts,
            warnings=warnings,
            held=[
                {
                    "market": one.market,
                    "size": size_of(one.size_lots, one.market),
                    "mark": price_of(one.mark_half_ticks, one.market) or "none",
                    "notional": in_usdt(one.notional_micro),
                }
                for one in ours.positions
            ],
            is_venue=True,
        )


def account_row(account: LedgerAccount) -> dict[str, Any]:
    """Return an account of the ledger, with the way to all its postings."""
    return {
        "account": link("accounts_ledgeraccount_change", account_title(account), pk=account.pk),
        "balance": in_usdt_whole(account.balance_micro),
        "all": link("accounts_posting_changelist", "all postings", query=f"?q={account.pk}"),
    }


def posting_row(posting: Any) -> dict[str, Any]:
    """Return a line of the ledger, with the way to its entry."""
    entry = posting.entry
    phase = "" if entry.phase == Phase.POSTED else f" ({entry.phase.lower()})"
    return {
        "posted": moment(entry.posted_at_ms),
        "entry": link("accounts_ledgerentry_change", f"{entry.kind}{phase}", pk=entry.pk),
        "market": entry.market,
        "account": account_title(posting.account),
        "amount": in_usdt_whole(posting.amount_micro),
    }
