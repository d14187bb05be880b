"""Events are read from the log of the program that wrote them, and of no other."""

import base64

import pytest

from chain import instructions, layouts
from chain.events import read_events
from tests.program.scenarios import SCENARIOS
from tests.program.world import key_of

OURS, OTHER = key_of(1).pubkey(), key_of(2).pubkey()
PAUSED = "Program data: " + base64.b64encode(b"\x0c" + (1).to_bytes(8, "little")).decode()


def test_an_event_of_another_program_is_not_ours() -> None:
    logs = [
        f"Program {OURS} invoke [1]",
        f"Program {OTHER} invoke [2]",
        PAUSED,
        f"Program {OTHER} success",
        PAUSED,
        f"Program {OURS} success",
        f"Program {OTHER} invoke [1]",
        PAUSED,
        f"Program {OTHER} failed: custom program error: 0x1",
    ]
    [event] = read_events(logs, program=OURS)
    assert event.numbers == {"paused": 1}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_instruction_writes_one_event_of_its_number(name: str) -> None:
    call = SCENARIOS[name]()
    sent = call.world.send(call.built, signers=call.signers)
    event, *others = read_events(sent.logs(), program=call.world.addresses.program)
    assert event.kind == getattr(instructions, name.upper())
    assert [other.kind for other in others] == [instructions.RESUME] * (name == "execute")


@pytest.mark.parametrize(
    "parse",
    [
        layouts.Exchange.parse,
        layouts.Vault.parse,
        layouts.parse_markets,
        layouts.parse_roots,
        layouts.Checkpoints.parse,
        layouts.Multisig.parse,
        layouts.Proposal.parse,
    ],
)
@pytest.mark.parametrize(
    "data", [b"", bytes(768), bytes(256), bytes(5_144), bytes(9_616), bytes(2_048)]
)
def test_bytes_of_another_kind_are_not_read(parse: object, data: bytes) -> None:
    assert callable(parse)
    with pytest.raises(layouts.WrongBytesError):
        parse(data)
