"""Lists of the back office that have millions of rows: paged by key, never counted.

A page begins after the last row of the one before, so page 20,000 costs what the first does; how
many rows there are is not asked, since PostgreSQL would count them one by one, and since the
number of orders or events would tell of those that rest (I24). A filter that no index serves looks
through a stretch of rows at a time, and the next page looks on: so what is rare costs no more than
what is common. The stretch is one of shown rows, so that its end tells of no other.
"""

from typing import Any, Final

from django.contrib.admin.options import IncorrectLookupParameters, ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from accounts.staff_site import ReadOnlyAdmin, StaffAdmin

AFTER: Final = "after"
STRETCH: Final = 50_000
BETWEEN: Final = "~"


class LongChangeList(ChangeList):
    """One page of a long list, and where the next one begins."""

    next_page = ""
    is_first_page = True
    looked_through = ""
    """How many rows were looked at, where that was not all that are left."""

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
        end = self._end_of_stretch(asked) if self._looks_by_stretches() else None
        rows = self._newest(
            [self._rest(self.queryset.filter(one), asked, end) for one in self._conditions()],
            self.list_per_page + 1,
        )
        page = rows[: self.list_per_page]
        if len(rows) > len(page):
            self.next_page = self.get_query_string({AFTER: cursor_of(page[-1], self._key)})
        elif end is not None:
            self.next_page = self.get_query_string({AFTER: end})
            self.looked_through = f"{self._admin.stretch:,}"
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
    def _admin(self) -> "LongList":
        assert isinstance(self.model_admin, LongList)  # noqa: S101 - get_changelist says so
        return self.model_admin

    @property
    def _key(self) -> tuple[str, ...]:
        return self._admin.key

    def _conditions(self) -> list[Q]:
        """Return what a search asks, a column at a time: each has an index, all together none."""
        return self._admin.conditions(self.query) if self.query else [Q()]

    def _newest(self, parts: list[QuerySet[Any]], count: int) -> list[Any]:
        """Return the newest rows of several parts, each row once."""
        found = {row.pk: row for part in parts for row in part[:count]}
        return sorted(found.values(), key=self._place_of, reverse=True)[:count]

    def _place_of(self, row: Any) -> tuple[Any, ...]:
        return tuple(getattr(row, name) for name in self._key)

    def _looks_by_stretches(self) -> bool:
        """Tell whether what is asked for is served by no index of its own."""
        filters = {name.partition("__")[0] for name in self.get_filters_params()}
        is_served = len(filters) == 1 and filters <= set(self._admin.indexed) and not self.query
        return bool(filters) and not is_served

    def _end_of_stretch(self, asked: str) -> str | None:
        """Return the place of the last row to look at; None where the rest is shorter."""
        ordered = self.root_queryset.order_by(*(f"-{name}" for name in self._key))
        last, ends = self._admin.stretch - 1, []
        for one in self._conditions():
            rows = self._rest(ordered.filter(one), asked).only(*self._key)
            found = list(rows[last : last + 2])
            if len(found) > 1:
                ends.append(found[0])
        return cursor_of(max(ends, key=self._place_of), self._key) if ends else None

    def _rest(self, rows: QuerySet[Any], asked: str, end: str | None = None) -> QuerySet[Any]:
        try:
            if asked:
                rows = rows.filter(after(asked, self._key))
        except (ValueError, ValidationError) as error:
            raise IncorrectLookupParameters from error
        return rows if end is None else rows.filter(until(end, self._key))


class LongList(StaffAdmin):
    """A list of millions, the newest first by `key`: unique together, indexed, never changed.

    It is searched by whole ids (`found_by`), since parts of them would cost a walk through all;
    `indexed` names the filters that have an index in the order of the key.
    """

    key: tuple[str, ...] = ("pk",)
    found_by: tuple[str, ...] = ()
    indexed: tuple[str, ...] = ()
    stretch = STRETCH
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
        """Leave the search to the list, which asks for each column by itself."""
        del request, search_term
        return queryset, False

    def conditions(self, typed: str) -> list[Q]:
        """Return, for each column in which what was typed can stand, that it stands there."""
        return conditions_of(self.model, self.found_by, typed.strip())


class LongListAdmin(LongList, ReadOnlyAdmin):
    """A list of millions that nobody changes."""


def conditions_of(model: type[Model], names: tuple[str, ...], typed: str) -> list[Q]:
    """Return the conditions that one of these columns is what was typed, where it can be."""
    found = []
    for name in names:
        field = model._meta.pk if name == "pk" else model._meta.get_field(name)
        try:
            value = field.to_python(typed)  # type: ignore[union-attr]  # every model has a key
            field.run_validators(value)  # type: ignore[union-attr]  # the same
        except (ValidationError, ValueError, AttributeError):
            continue
        found.append(Q(**{name: value}))
    return found


def values_in_index(model: type[Model], column: str) -> list[str]:
    """Return the values that an indexed column has, in order: one step in the index for each."""
    rows = model._default_manager.order_by(column)  # noqa: SLF001 - Django's public name is the same
    found: list[str] = []
    value = rows.values_list(column, flat=True).first()
    while value is not None:
        found.append(value)
        value = rows.filter(**{f"{column}__gt": value}).values_list(column, flat=True).first()
    return found


def cursor_of(row: Any, key: tuple[str, ...]) -> str:
    """Return the place of a row as an address carries it."""
    return BETWEEN.join(str(getattr(row, name)) for name in key)


def after(cursor: str, key: tuple[str, ...]) -> Q:
    """Return the condition for what comes after a place, the newest first."""
    return _beyond(cursor, key, "lt", last="lt")


def until(cursor: str, key: tuple[str, ...]) -> Q:
    """Return the condition for what comes before a place or stands there, the newest first."""
    return _beyond(cursor, key, "gt", last="gte")


def _beyond(cursor: str, key: tuple[str, ...], beyond: str, *, last: str) -> Q:
    parts = cursor.split(BETWEEN)
    if len(parts) != len(key):
        raise ValueError(cursor)
    condition = Q(**{f"{key[-1]}__{last}": parts[-1]})
    for name, value in zip(key[-2::-1], parts[-2::-1], strict=True):
        # The first half is what PostgreSQL enters the index by.
        both = Q(**{f"{name}__{beyond}": value}) | condition
        condition = Q(**{f"{name}__{beyond}e": value}) & both
    return condition
