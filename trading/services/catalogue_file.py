"""The catalogue as it is written: the shape of the files in `trading/catalogue/`, and reading them.

What the entries must obey stands in `catalogue_rules`, what becomes of them in `catalogue`.
"""

import tomllib
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec

FOLDER = Path(__file__).resolve().parent.parent / "catalogue"
MARKET_FILES = ("crypto.toml", "fx.toml")

Shape = TypeVar("Shape")


class CatalogueError(Exception):
    """The catalogue cannot be loaded; `problems` are sentences that name what is wrong where."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InstrumentEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One instrument of a venue; where a plain string stands, the rest is as usual."""

    instrument: str
    is_inverted: bool = False
    base_per_unit: int = 1
    quoted_in: str | None = None


Instruments = dict[str, str | InstrumentEntry]


class MarketEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One market. Sizes are in units of the base, prices in USDT."""

    base: str
    listing_price: Decimal
    tick_size: Decimal
    lot_size: Decimal
    max_size: Decimal
    position_limit: Decimal
    open_interest_limit: Decimal
    least_sources: int
    oracle: Instruments
    index: Instruments = {}
    perp: Instruments = {}
    # From the top of the file it stands in, and its place there.
    kind: str
    max_leverage: int
    listing_priced_on: date
    calendar: str | None = None
    rank: int

    @property
    def symbol(self) -> str:
        """Return the name under which it is traded."""
        return f"{self.base}-USDT-PERP"


class TermsEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every market begins with; rates are fractions of one, the seed is in USDT."""

    pricing: str
    bracket_schedule: str
    maker_rebate: Decimal
    taker_fee: Decimal
    collar: Decimal
    stress_gap: Decimal
    insurance_seed: Decimal


class VenueEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A venue; oracles have no weight."""

    quoted_in: str
    weight: Decimal | None = None


class BracketEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bracket; without `notional_up_to` it holds for everything above the one before."""

    max_leverage: int
    maintenance_margin_rate: Decimal
    deduction: Decimal
    notional_up_to: Decimal | None = None


class ScheduleEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of brackets by name."""

    name: str
    bracket: list[BracketEntry]


class HolidayEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trading day that is none."""

    trading_day: date
    name: str


class CalendarEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours by name."""

    name: str
    time_zone: str
    turns_at: time
    week_closes_on: str
    week_opens_on: str
    holiday: list[HolidayEntry]


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that stands in the folder."""

    terms: TermsEntry
    venue: dict[str, VenueEntry]
    conversion: Instruments
    bracket_schedule: list[ScheduleEntry]
    calendar: list[CalendarEntry]
    market: list[MarketEntry]


def read_catalogue(folder: Path = FOLDER) -> Catalogue:
    """Return what the files of a folder say; raise CatalogueError where they have another shape."""
    problems: list[str] = []
    rules = parsed(folder / "rules.toml", problems=problems)
    hours = parsed(folder / "hours.toml", problems=problems)
    markets = read_markets(
        [parsed(folder / name, problems=problems) for name in MARKET_FILES], problems=problems
    )
    whole = {**rules, **hours, "market": []}
    catalogue = shaped(whole, shape=Catalogue, where="rules and hours", problems=problems)
    if problems or catalogue is None:
        raise CatalogueError(problems)
    return msgspec.structs.replace(catalogue, market=markets)


def read_markets(files: list[dict[str, Any]], *, problems: list[str]) -> list[MarketEntry]:
    """Return the markets of some files in their order; add a sentence for each that is none."""
    markets = []
    rank = 0
    for file in files:
        shared = {name: value for name, value in file.items() if name != "market"}
        for raw in file.get("market", []):
            rank += 1
            where = str(raw.get("base") or f"market number {rank}")
            entry = {**shared, **raw, "rank": rank}
            market = shaped(entry, shape=MarketEntry, where=where, problems=problems)
            markets += [market] if market else []
    return markets


def parsed(path: Path, *, problems: list[str]) -> dict[str, Any]:
    """Return a TOML file as it is; add a sentence and return nothing if it is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(f"{path.name}: there is no such file.")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path.name}: {error}.")
    return {}


def shaped(
    raw: dict[str, Any], *, shape: type[Shape], where: str, problems: list[str]
) -> Shape | None:
    """Return raw data in its shape; add a sentence and return None if it has another."""
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        problems.append(f"{where}: {error}.")
        return None
