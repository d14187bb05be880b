"""The ledger in the back office: accounts, their postings, the entries of these, the other side.

From a balance one comes to what made it, and from each posting to the whole entry, whose lines sum
to zero. Nothing here writes; the one writer is `accounts.ledger.posting`.
"""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from accounts.ledger.models import BACKSTOP_OWNER_ID, LedgerAccount, LedgerEntry, Posting
from accounts.long_lists import LongListAdmin
from trading.admin.markets import ReadOnlyInline
from trading.admin.words import in_usdt_whole, moment


def link(name: str, text: str, *, pk: Any = None, query: str = "") -> str:
    """Return a link into the back office."""
    address = reverse(f"admin:{name}", args=[] if pk is None else [pk])
    return format_html('<a href="{}{}">{}</a>', address, query, text)


def owner_of(account: LedgerAccount) -> str:
    """Return whose a ledger account is."""
    if account.owner_id == BACKSTOP_OWNER_ID:
        return "the backstop"
    return "the venue" if account.owner_id is None else str(account.owner_id)


def account_title(account: LedgerAccount) -> str:
    """Return what an account is for, and whose it is."""
    return f"{account} of {owner_of(account)}"


def account_link(posting: Posting) -> str:
    """Return a line's account, with the way to it."""
    account = posting.account
    return link("accounts_ledgeraccount_change", account_title(account), pk=account.pk)


@admin.register(LedgerAccount)
class LedgerAccountAdmin(LongListAdmin):
    """Accounts of the ledger and what is in them."""

    found_by = ("owner_id",)
    search_help_text = "Whole id of the owner"
    list_display = ("purpose", "owner", "market", "balance", "movements")
    list_filter = ("purpose",)
    indexed = ("purpose",)
    fields = list_display
    readonly_fields = ("owner", "balance", "movements")

    @admin.display
    def owner(self, account: LedgerAccount) -> str:
        """Return whose it is."""
        return owner_of(account)

    @admin.display(description="balance (USDT)")
    def balance(self, account: LedgerAccount) -> str:
        """Return what is in it."""
        return in_usdt_whole(account.balance_micro)

    @admin.display(description="what made it")
    def movements(self, account: LedgerAccount) -> str:
        """Return the way to its postings."""
        return link("accounts_posting_changelist", "postings", query=f"?q={account.pk}")


class PostingInline(ReadOnlyInline):
    """The lines of an entry, which sum to zero."""

    model = Posting
    fields = ("line", "amount")
    readonly_fields = ("line", "amount")

    @admin.display(description="account")
    def line(self, posting: Posting) -> str:
        """Return the account, with the way to it."""
        return account_link(posting)

    @admin.display(description="amount (USDT)")
    def amount(self, posting: Posting) -> str:
        """Return the amount."""
        return in_usdt_whole(posting.amount_micro)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(LongListAdmin):
    """Movements of money."""

    found_by = ("pk", "subject_id")
    search_help_text = "Number of an entry, or whole id of a transfer"
    list_display = ("posted", "kind", "market", "subject_id", "phase")
    list_filter = ("phase",)
    fields = ("posted", "kind", "market", "subject_id", "phase", "resolves")
    readonly_fields = ("posted",)
    inlines = (PostingInline,)

    @admin.display(description="posted (UTC)")
    def posted(self, entry: LedgerEntry) -> str:
        """Return when."""
        return moment(entry.posted_at_ms)


@admin.register(Posting)
class PostingAdmin(LongListAdmin):
    """Single lines, with the way to their entries and accounts."""

    found_by = ("account", "entry")
    search_help_text = "Number of a ledger account or an entry"
    list_display = ("posted", "of_entry", "of_account", "amount")
    list_select_related = ("entry", "account")
    fields = list_display
    readonly_fields = list_display

    @admin.display(description="posted (UTC)")
    def posted(self, posting: Posting) -> str:
        """Return when."""
        return moment(posting.entry.posted_at_ms)

    @admin.display(description="entry")
    def of_entry(self, posting: Posting) -> str:
        """Return the way to the entry."""
        return link("accounts_ledgerentry_change", posting.entry.kind, pk=posting.entry_id)

    @admin.display(description="account")
    def of_account(self, posting: Posting) -> str:
        """Return the way to the account."""
        return account_link(posting)

    @admin.display(description="amount (USDT)")
    def amount(self, posting: Posting) -> str:
        """Return the amount."""
        return in_usdt_whole(posting.amount_micro)
