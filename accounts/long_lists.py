"""Lists of the back office that have millions of rows: paged by key, never counted.

A page begins after the last row of the one before, so page 20,000 costs what the first does; how
many rows there are is not asked, since PostgreSQL would count them one by one, and since the
number of orders or events would tell of those that rest (I24).
"""

from typing import Any, Final

from django.contrib.admin.options import IncorrectLookupParameters, ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from accounts.staff_site import ReadOnlyAdmin

AFTER: Final = "after"
BETWEEN: Final = "~"


class LongChangeList(ChangeList):
    """One page of a long list, and where the next one begins."""

    next_page = ""
    is_first_page = True

    def get_filters_params(self, params: Any = None) -> Any:
        """Leave out where the page begins: it is no filter."""
        found = super().get_filters_params(params)
        found.pop(AFTER, None)
        return found

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Return the order of the key, whatever is asked for."""
        del request, queryset
        return [f"-{name}" for name in self._key]

    def get_results(self, request: HttpRequest) -> None:
        """Read one row more than the page holds, and count nothing."""
        asked = self.params.get(AFTER, "")
        rows = list(self._rest(asked)[: self.list_per_page + 1])
        page = rows[: self.list_per_page]
        if len(rows) > len(page):
            self.next_page = self.get_query_string({AFTER: cursor_of(page[-1], self._key)})
        self.is_first_page = not asked
        self.first_page = self.get_query_string(remove=[AFTER])
        self.result_list, self.result_count = page, len(page)
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = False
        self.can_show_all, self.multi_page = False, False
        self.paginator = self.model_admin.get_paginator(
            request, self.queryset.none(), self.list_per_page
        )

    @property
    def _key(self) -> tuple[str, ...]:
        assert isinstance(self.model_admin, LongListAdmin)  # noqa: S101 - get_changelist says so
        return self.model_admin.key

    def _rest(self, asked: str) -> QuerySet[Any]:
        whole: QuerySet[Any] = self.queryset
        if not asked:
            return whole
        try:
            return whole.filter(after(asked, self._key))
        except (ValueError, ValidationError) as error:
            raise IncorrectLookupParameters from error


class LongListAdmin(ReadOnlyAdmin):
    """A list of millions, the newest first by `key`: unique together, indexed, never changed.

    It is searched by whole ids (`found_by`), since parts of them would cost a walk through all.
    """

    key: tuple[str, ...] = ("pk",)
    found_by: tuple[str, ...] = ()
    change_list_template = "admin/long_list.html"
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that is paged by key."""
        del request, kwargs
        return LongChangeList

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Return what a search looks at."""
        del request
        return self.found_by

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find rows by a whole id; what is none finds nothing."""
        del request
        typed = search_term.strip()
        found = queryset.filter(by_any(self.model, self.found_by, typed)) if typed else queryset
        return found, False


def by_any(model: type[Model], names: tuple[str, ...], typed: str) -> Q:
    """Return the condition that one of these columns is what was typed."""
    found = Q(pk__in=[])
    for name in names:
        field = model._meta.pk if name == "pk" else model._meta.get_field(name)
        try:
            found |= Q(**{name: field.to_python(typed)})  # type: ignore[union-attr]  # every model has a key
        except (ValidationError, ValueError, AttributeError):
            continue
    return found


def cursor_of(row: Any, key: tuple[str, ...]) -> str:
    """Return the place of a row as an address carries it."""
    return BETWEEN.join(str(getattr(row, name)) for name in key)


def after(cursor: str, key: tuple[str, ...]) -> Q:
    """Return the condition for what comes after a place, the newest first."""
    parts = cursor.split(BETWEEN)
    if len(parts) != len(key):
        raise ValueError(cursor)
    condition = Q(**{f"{key[-1]}__lt": parts[-1]})
    for name, value in zip(key[-2::-1], parts[-2::-1], strict=True):
        # The first half is what PostgreSQL enters the index by.
        condition = Q(**{f"{name}__lte": value}) & (Q(**{f"{name}__lt": value}) | condition)
    return condition
