import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from godark.supervisor.place import (
    LONGEST_SOCKETS_FOLDER,
    ROOT,
    VAR_VERSION,
    Place,
    RefusedError,
    hold_place,
    open_var,
    place_from,
    refuse_taken_chain_ports,
    refuse_taken_port,
    refuse_unsafe_folder,
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(root=ROOT, var=tmp_path / "var", host="127.0.0.1", port=8000)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("port", ["x", "0", "-1", "65536", "80.5"])
def test_a_port_that_is_no_port_is_refused(port: str) -> None:
    with pytest.raises(RefusedError, match="GODARK_PORT is"):
        place_from({"GODARK_PORT": port})


def test_the_place_is_the_clone_on_this_machine_unless_the_environment_says_so() -> None:
    place = place_from({"GODARK_PORT": "", "GODARK_HOST": "", "GODARK_VAR": ""})
    assert place.base_url == "http://127.0.0.1:8000"
    assert place.var == ROOT / "var"
    assert place_from({"GODARK_HOST": "::1", "GODARK_PORT": "81"}).base_url == "http://[::1]:81"
    assert place_from({"GODARK_HOST": "0.0.0.0"}).base_url == "http://127.0.0.1:8000"  # noqa: S104 - read, not bound


def test_a_new_var_is_stamped_and_opens_again(place: Place) -> None:
    open_var(place)
    open_var(place)
    assert (place.var / "VERSION").read_text() == VAR_VERSION + "\n"


@pytest.mark.parametrize("stamp", ["GoDark var/ 0, PostgreSQL 16", None])
def test_a_var_of_another_version_is_refused_in_one_sentence(
    place: Place, stamp: str | None
) -> None:
    (place.var / "postgresql").mkdir(parents=True)
    if stamp:
        (place.var / "VERSION").write_text(stamp)
    with pytest.raises(RefusedError, match="another version") as refused:
        open_var(place)
    assert "make reset" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_var_that_cannot_be_made_is_refused(place: Place) -> None:
    place.var.write_text("a file")
    with pytest.raises(RefusedError, match="cannot write"):
        open_var(place)


def test_a_second_supervisor_is_refused_while_the_first_holds_the_place(place: Place) -> None:
    open_var(place)
    with hold_place(place), pytest.raises(RefusedError, match="already running"):
        hold_place(place)
    hold_place(place).close()


def test_a_port_in_use_is_refused_and_another_is_proposed(place: Place, taken: int) -> None:
    with pytest.raises(RefusedError, match=f"GODARK_PORT={taken + 1} make run"):
        refuse_taken_port(replace(place, port=taken))


def test_a_strangers_chain_is_no_chain_of_ours(place: Place, taken: int) -> None:
    ours = replace(place, port=taken)
    for port in (ours.devchain_port, ours.devchain_port + 1):
        with (
            socket.create_server(("127.0.0.1", port)),
            pytest.raises(RefusedError, match=f"listens on port {port}, which the development"),
        ):
            refuse_taken_chain_ports(ours)
    refuse_taken_chain_ports(ours)


def test_an_address_of_another_machine_is_refused(place: Place) -> None:
    with pytest.raises(RefusedError, match="GODARK_HOST"):
        refuse_taken_port(replace(place, host="192.0.2.1"))


def test_the_sockets_of_a_deep_clone_lie_on_a_short_path_of_its_own(place: Place) -> None:
    one, other = (replace(place, var=Path("/" + "deep/" * 30 + name)) for name in ("a", "b"))
    assert len(str(one.sockets)) <= LONGEST_SOCKETS_FOLDER
    assert one.sockets != other.sockets
    assert replace(place, var=Path("/clone/var")).sockets == Path("/clone/var/sockets")


def test_a_folder_for_sockets_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "sockets"
    refuse_unsafe_folder(folder, owners={tmp_path.stat().st_uid})
    folder.mkdir(mode=0o755)
    with pytest.raises(RefusedError, match="in the way"):
        refuse_unsafe_folder(folder, owners={tmp_path.stat().st_uid})
    folder.chmod(0o700)
    refuse_unsafe_folder(folder, owners={tmp_path.stat().st_uid})
    with pytest.raises(RefusedError, match="in the way"):
        refuse_unsafe_folder(folder, owners=set())
