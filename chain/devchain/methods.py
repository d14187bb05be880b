"""The JSON-RPC methods that the development chain answers: one table.

What lives here: Solana's own methods, and `devchain_...` for its switches. What does not: HTTP and
sockets (server, sockets), the chain's rules (machine).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from solders.pubkey import Pubkey

from chain.devchain import rendering
from chain.devchain.faucet import Faucet
from chain.devchain.genesis import Genesis
from chain.devchain.machine import Level, Machine
from chain.devchain.packets import RefusedTransactionError
from chain.devchain.rendering import BadParameterError, level_of, with_context

PARSE_ERROR: Final = -32700
METHOD_NOT_FOUND: Final = -32601
BAD_PARAMETERS: Final = -32602
PREFLIGHT_FAILED: Final = -32002
SIGNATURE_FAILED: Final = -32003
_SEQUENCE_END: Final = 2**62
_FEE_SLOTS: Final = 20
_MOST_SIGNATURES: Final = 1_000
_MOST_ACCOUNTS: Final = 100


@dataclass(slots=True)
class Node:
    """What a method may use."""

    machine: Machine
    faucet: Faucet
    genesis: Genesis


Method = Callable[[Node, list[Any]], Any]
METHODS: Final[dict[str, Method]] = {}


def method(name: str) -> Callable[[Method], Method]:
    """Enter a function into the table."""

    def enter(function: Method) -> Method:
        METHODS[name] = function
        return function

    return enter


def answer(node: Node, request: Any) -> dict[str, Any]:
    """Answer one JSON-RPC request."""
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        return _failure(None, PARSE_ERROR, "Parse error")
    request_id = request.get("id")
    function = METHODS.get(request["method"])
    if function is None:
        return _failure(request_id, METHOD_NOT_FOUND, "Method not found")
    try:
        result = function(node, list(request.get("params") or []))
    except RefusedTransactionError as refused:
        return _refusal(request_id, refused)
    except (BadParameterError, IndexError, KeyError, TypeError, ValueError) as broken:
        return _failure(request_id, BAD_PARAMETERS, f"Invalid params: {broken}")
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def _failure(request_id: object, code: int, words: str, data: object = None) -> dict[str, Any]:
    error = {"code": code, "message": words} | ({} if data is None else {"data": data})
    return {"jsonrpc": "2.0", "id": request_id, "error": error}


def _refusal(request_id: object, refused: RefusedTransactionError) -> dict[str, Any]:
    if refused.error == "SanitizeFailure":
        return _failure(request_id, BAD_PARAMETERS, str(refused))
    if refused.error == "SignatureFailure":
        return _failure(request_id, SIGNATURE_FAILED, str(refused))
    data = {
        "err": refused.error,
        "logs": refused.meta.get("logs", []),
        "accounts": None,
        "unitsConsumed": refused.meta.get("compute_units_consumed", 0),
        "returnData": None,
        "innerInstructions": None,
    }
    words = f"Transaction simulation failed: {refused}"
    return _failure(request_id, PREFLIGHT_FAILED, words, data)


def _config(params: list[Any], at: int) -> Mapping[str, Any]:
    given = params[at] if len(params) > at else None
    return given if isinstance(given, dict) else {}


@method("getHealth")
def get_health(_node: Node, _params: list[Any]) -> str:
    """Say that the chain is there."""
    return "ok"


@method("getVersion")
def get_version(_node: Node, _params: list[Any]) -> dict[str, Any]:
    """Say what is spoken here."""
    return {"solana-core": rendering.API_VERSION, "feature-set": 0}


@method("getGenesisHash")
def get_genesis_hash(node: Node, _params: list[Any]) -> str:
    """Name this chain: no cluster has this hash."""
    return str(node.genesis.addresses.program)


@method("getLatestBlockhash")
def get_latest_blockhash(node: Node, params: list[Any]) -> Any:
    """Give the newest blockhash and how long it is good."""
    level = level_of(_config(params, 0))
    blockhash, last = node.machine.latest_blockhash(level)
    value = {"blockhash": str(blockhash), "lastValidBlockHeight": last}
    return with_context(node.machine, level, value)


@method("isBlockhashValid")
def is_blockhash_valid(node: Node, params: list[Any]) -> Any:
    """Tell whether a blockhash is still good."""
    found = [str(key) for key in node.machine.recent_blockhashes()]
    return with_context(node.machine, level_of(_config(params, 1)), params[0] in found)


@method("getSlot")
def get_slot(node: Node, params: list[Any]) -> int:
    """Give the newest slot of a level."""
    return node.machine.slot_of_level(level_of(_config(params, 0)))


METHODS["getBlockHeight"] = get_slot


@method("getMinimumBalanceForRentExemption")
def get_rent(node: Node, params: list[Any]) -> int:
    """Give what an account of some size must hold."""
    return node.machine.rent_for(int(params[0]))


@method("getRecentPrioritizationFees")
def get_fees(node: Node, _params: list[Any]) -> list[dict[str, int]]:
    """Say that nobody pays for priority here."""
    newest = node.machine.slot
    return [
        {"slot": slot, "prioritizationFee": 0}
        for slot in range(max(newest - _FEE_SLOTS, 1), newest + 1)
    ]


@method("getBalance")
def get_balance(node: Node, params: list[Any]) -> Any:
    """Give the lamports of an account."""
    level = level_of(_config(params, 1))
    account = node.machine.account(Pubkey.from_string(params[0]), level)
    return with_context(node.machine, level, account.lamports if account else 0)


@method("getAccountInfo")
def get_account_info(node: Node, params: list[Any]) -> Any:
    """Show an account."""
    config = _config(params, 1)
    level = level_of(config)
    account = node.machine.account(Pubkey.from_string(params[0]), level)
    return with_context(node.machine, level, rendering.account_value(account, config))


@method("getMultipleAccounts")
def get_multiple_accounts(node: Node, params: list[Any]) -> Any:
    """Show up to a hundred accounts of one moment."""
    config, keys = _config(params, 1), params[0]
    if len(keys) > _MOST_ACCOUNTS:
        msg = f"Too many inputs provided; max {_MOST_ACCOUNTS}"
        raise BadParameterError(msg)
    level = level_of(config)
    accounts = (node.machine.account(Pubkey.from_string(key), level) for key in keys)
    values = [rendering.account_value(account, config) for account in accounts]
    return with_context(node.machine, level, values)


@method("getProgramAccounts")
def get_program_accounts(node: Node, params: list[Any]) -> Any:
    """Show the accounts of a program that pass all filters."""
    config = _config(params, 1)
    level = level_of(config)
    filters = config.get("filters") or []
    values = [
        {"pubkey": str(key), "account": rendering.account_value(account, config)}
        for key, account in node.machine.program_accounts(Pubkey.from_string(params[0]), level)
        if all(_passes(bytes(account.data), item) for item in filters)
    ]
    wants_context = bool(config.get("withContext"))
    return with_context(node.machine, level, values) if wants_context else values


def _passes(data: bytes, item: Mapping[str, Any]) -> bool:
    if "dataSize" in item:
        return len(data) == int(item["dataSize"])
    compared = item["memcmp"]
    wanted = rendering.raw_transaction(compared["bytes"], compared.get("encoding") or "base58")
    return data[compared["offset"] :].startswith(wanted)


@method("getTokenAccountBalance")
def get_token_balance(node: Node, params: list[Any]) -> Any:
    """Show what a token account holds."""
    level = level_of(_config(params, 1))
    account = node.machine.account(Pubkey.from_string(params[0]), level)
    return with_context(node.machine, level, rendering.token_amount(account))


@method("sendTransaction")
def send_transaction(node: Node, params: list[Any]) -> str:
    """Take a transaction."""
    config = _config(params, 1)
    raw = rendering.raw_transaction(params[0], config.get("encoding") or "base58")
    return str(node.machine.send(raw, preflight=not config.get("skipPreflight")))


@method("simulateTransaction")
def simulate_transaction(node: Node, params: list[Any]) -> Any:
    """Run a transaction and keep nothing of it."""
    config = _config(params, 1)
    raw = rendering.raw_transaction(params[0], config.get("encoding") or "base58")
    error, meta = node.machine.simulate(
        raw,
        verify=bool(config.get("sigVerify")),
        check_blockhash=not config.get("replaceRecentBlockhash"),
    )
    value = {
        "err": error,
        "logs": meta.get("logs", []),
        "accounts": None,
        "unitsConsumed": meta.get("compute_units_consumed", 0),
        "returnData": None,
        "innerInstructions": None,
    }
    return with_context(node.machine, Level.PROCESSED, value)


@method("getSignatureStatuses")
def get_signature_statuses(node: Node, params: list[Any]) -> Any:
    """Show how far transactions have come."""
    newest = node.machine.slot
    found = (node.machine.find(rendering.signature_of(text)) for text in params[0])
    values = [rendering.status_value(item, newest) for item in found]
    return with_context(node.machine, Level.PROCESSED, values)


@method("getTransaction")
def get_transaction(node: Node, params: list[Any]) -> Any:
    """Show a transaction that is at least confirmed."""
    config = params[1] if len(params) > 1 and params[1] else {}
    if isinstance(config, str):
        config = {"encoding": config}
    found = node.machine.find(rendering.signature_of(params[0]))
    if found is None or found[1] < max(level_of(config), Level.CONFIRMED):
        return None
    return rendering.transaction_value(found[0], config.get("encoding") or "json")


@method("getSignaturesForAddress")
def get_signatures_for_address(node: Node, params: list[Any]) -> list[dict[str, Any]]:
    """List the transactions that mention an address, newest first."""
    config = _config(params, 1)
    level = max(level_of(config), Level.CONFIRMED)
    landed = node.machine.mentioning(
        Pubkey.from_string(params[0]),
        level=level,
        before=_sequence(node, config.get("before"), _SEQUENCE_END),
        after=_sequence(node, config.get("until"), 0),
        limit=min(int(config.get("limit") or _MOST_SIGNATURES), _MOST_SIGNATURES),
    )
    return [rendering.signature_row(item, level) for item in landed]


def _sequence(node: Node, signature: object, default: int) -> int:
    if signature is None:
        return default
    found = node.machine.find(rendering.signature_of(signature))
    return default if found is None else found[0].sequence


@method("requestAirdrop")
def request_airdrop(node: Node, params: list[Any]) -> str:
    """Give lamports away."""
    return str(node.faucet.give_lamports(Pubkey.from_string(params[0]), int(params[1])))


@method("devchain_faucet")
def give_usdt(node: Node, params: list[Any]) -> str:
    """Give test USDT away: owner, amount in micro-USDT."""
    return str(node.faucet.give_usdt(Pubkey.from_string(params[0]), int(params[1])))


@method("devchain_setFaults")
def set_faults(node: Node, params: list[Any]) -> dict[str, Any]:
    """Turn switches (`drop`, `delay_ms`, `duplicate`, `confirm`) and show how all now stand."""
    faults = node.machine.faults
    for name, value in (params[0] if params else {}).items():
        if name not in faults.__slots__:
            msg = f"there is no switch {name}"
            raise BadParameterError(msg)
        setattr(faults, name, type(getattr(faults, name))(value))
    return {name: getattr(faults, name) for name in faults.__slots__}


@method("devchain_rollBack")
def roll_back(node: Node, _params: list[Any]) -> list[str]:
    """Undo everything that is not finalized."""
    return [str(signature) for signature in node.machine.roll_back()]


@method("devchain_warp")
def warp(node: Node, params: list[Any]) -> int:
    """Set the chain's clock ahead by some seconds, and give what it now shows."""
    node.machine.warp(int(params[0]))
    return node.machine.unix_seconds


@method("devchain_addresses")
def show_addresses(node: Node, _params: list[Any]) -> dict[str, str]:
    """Name the program and the test USDT of this chain."""
    return {"program": str(node.genesis.addresses.program), "mint": str(node.genesis.mint)}
