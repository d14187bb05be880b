"""The simulated world: sixty prices that wander together, calm or stormy, and now and then jump.

Seeded: the same seed and the same steps give the same prices. Floats are allowed here, as
nature's are: this is the outside, and what it quotes is read at the border like anything
else. What is not here: venues and what they make of a price.
"""

import math
import random
from collections.abc import Iterable, Mapping
from enum import StrEnum

from prices.adapters.universe import Asset, Family

YEAR_S = 365 * 24 * 3600.0
# A price that has wandered comes back to where it began with this half-life.
HALF_LIFE_S = {Family.CRYPTO: 48 * 3600.0, Family.PEGGED: 600.0, Family.FX: 48 * 3600.0}
JUMPS_PER_DAY = 3.0
JUMP_PERCENT = 0.8


class Regime(StrEnum):
    """How lively the whole world is."""

    CALM = "CALM"
    USUAL = "USUAL"
    STORM = "STORM"


LIVELINESS = {Regime.CALM: 0.5, Regime.USUAL: 1.0, Regime.STORM: 3.0}
# Mean stay in a regime, and what follows it.
STAY_S = {Regime.CALM: 1800.0, Regime.USUAL: 3600.0, Regime.STORM: 240.0}
NEXT = {
    Regime.CALM: (Regime.USUAL,),
    Regime.USUAL: (Regime.CALM, Regime.CALM, Regime.STORM),
    Regime.STORM: (Regime.USUAL,),
}


class World:
    """The true prices behind all simulated venues, in USDT, by asset."""

    def __init__(
        self,
        *,
        assets: Iterable[Asset],
        seed: int,
        anchors: Mapping[str, float] | None = None,
        start: Mapping[str, float] | None = None,
    ) -> None:
        """Start every asset at its anchor (else its table price), or where `start` says."""
        self._random = random.Random(seed)  # noqa: S311 - a simulation, no secret
        self._assets = list(assets)
        known, usual = start or {}, anchors or {}
        self._anchor = {
            asset.base: math.log(usual.get(asset.base) or float(asset.price))
            for asset in self._assets
        }
        self._log = {
            asset.base: math.log(known[asset.base]) if asset.base in known else anchor
            for asset, anchor in zip(self._assets, self._anchor.values(), strict=True)
        }
        self.regime = Regime.USUAL

    def price(self, base: str) -> float:
        """Return an asset's price; a dollar costs what a USDT does not."""
        return math.exp(-self._log["USDT"] if base == "USD" else self._log[base])

    def jump(self, base: str, *, percent: float) -> None:
        """Move an asset at once, for good."""
        shift = math.log1p(percent / 100)
        self._log[base] += shift
        self._anchor[base] += shift

    def step(self, elapsed_s: float) -> None:
        """Let time pass."""
        self._turn_regime(elapsed_s)
        common = {family: self._random.gauss(0, 1) for family in Family}
        scale = LIVELINESS[self.regime] * math.sqrt(elapsed_s / YEAR_S)
        for asset in self._assets:
            own = math.sqrt(1 - asset.common**2) * self._random.gauss(0, 1)
            shock = asset.common * common[asset.family] + own
            decay = 0.5 ** (elapsed_s / HALF_LIFE_S[asset.family])
            anchor = self._anchor[asset.base]
            here = anchor + (self._log[asset.base] - anchor) * decay
            self._log[asset.base] = here + asset.volatility_percent / 100 * scale * shock
        self._maybe_jump(elapsed_s)

    def _turn_regime(self, elapsed_s: float) -> None:
        if self._random.random() < elapsed_s / STAY_S[self.regime]:
            self.regime = self._random.choice(NEXT[self.regime])

    def _maybe_jump(self, elapsed_s: float) -> None:
        for asset in self._assets:
            if asset.family is not Family.CRYPTO:
                continue
            if self._random.random() < JUMPS_PER_DAY * elapsed_s / 86_400:
                self._log[asset.base] += self._random.gauss(0, JUMP_PERCENT / 100)
