"""Bodies and answers as the API's documents show them."""

from typing import Any

REGISTER: dict[str, Any] = {
    "email": "dana@example.com",
    "password": "Correct-Horse-7",
    "confirm_password": "Correct-Horse-7",
    "agreed_to_terms": True,
}
REGISTERED: dict[str, Any] = {
    "email": "dana@example.com",
    "detail": (
        "If this address had no account yet, it has one now: log in with the password that you"
        " chose. If it had one, nothing about it has changed."
    ),
}
WEAK: dict[str, Any] = {
    "code": "VALIDATION_ERROR",
    "detail": "The password needs an upper-case letter, a digit.",
    "field": "password",
    "extra": {},
}
LOG_IN: dict[str, Any] = {"email": "dana@example.com", "password": "Correct-Horse-7"}
TOKENS: dict[str, Any] = {
    "access_token": "eyJhbGciOiJIUzI1NiIsImtpZCI6IjFmMGMyYTdlIn0.eyJpc3MiOiJnb2RhcmsifQ.b1Xh",
    "refresh_token": "3vGm1y0JmQ9nH0m1eG2f0dXoT1jv3mV9c0cE8h8m2sE",
    "expires_in": 900,
    "token_type": "Bearer",
}
WRONG: dict[str, Any] = {
    "code": "AUTHENTICATION_FAILED",
    "detail": "E-mail or password is wrong.",
    "field": None,
    "extra": {},
}
LOCKED: dict[str, Any] = {
    "code": "RATE_LIMIT_EXCEEDED",
    "detail": "Too many failed attempts. Try again in 15 minutes.",
    "field": None,
    "extra": {},
}
REFRESH: dict[str, Any] = {"refresh_token": "3vGm1y0JmQ9nH0m1eG2f0dXoT1jv3mV9c0cE8h8m2sE"}
BAD_REFRESH: dict[str, Any] = {
    "code": "AUTHENTICATION_FAILED",
    "detail": "The refresh token is not valid, or its log-in has ended. Log in again.",
    "field": None,
    "extra": {},
}
NOBODY: dict[str, Any] = {
    "code": "AUTHENTICATION_FAILED",
    "detail": "Nobody is logged in by this.",
    "field": None,
    "extra": {},
}
KEY_TERMS: dict[str, Any] = {
    "name": "dashboard",
    "permissions": ["READ"],
    "ip_allow_list": ["203.0.113.0/24"],
    "expires_at": 1_795_000_000_000,
}
NEW_KEY: dict[str, Any] = {
    "name": "market maker 1",
    "permissions": ["READ", "TRADE"],
    "passphrase": "three-dark-pools",
    "ip_allow_list": ["203.0.113.7"],
}
NEW_ED25519_KEY: dict[str, Any] = {
    "name": "market maker 2",
    "kind": "ED25519",
    "permissions": ["READ", "TRADE"],
    "passphrase": "three-dark-pools",
    "public_key": "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
}
KEY: dict[str, Any] = {
    "id": "0c0f6a52-6f0c-4d4b-9d5e-3f5d2f1a7c11",
    "api_key": "gq_5f0d1c9b8a7e6d5c4b3a29180f7e6d5c",
    "name": "dashboard",
    "kind": "HMAC",
    "permissions": ["READ"],
    "ip_allow_list": ["203.0.113.0/24"],
    "public_key": None,
    "created_at": 1_763_136_000_000,
    "expires_at": 1_795_000_000_000,
}
KEYS: dict[str, Any] = {"results": [KEY], "next": None}
MADE_KEY: dict[str, Any] = KEY | {
    "name": "market maker 1",
    "permissions": ["READ", "TRADE"],
    "ip_allow_list": ["203.0.113.7/32"],
    "expires_at": None,
    "secret": "9b1c0e5d7a2f48361c0e5d7a2f48369b1c0e5d7a2f48361c0e5d7a2f483609ab",
}
SIXTH_KEY: dict[str, Any] = {
    "code": "VALIDATION_ERROR",
    "detail": "An account has at most 5 API keys: delete one first.",
    "field": None,
    "extra": {"maximum": 5},
}
NO_SUCH_KEY: dict[str, Any] = {
    "code": "NOT_FOUND",
    "detail": "There is no such API key.",
    "field": None,
    "extra": {},
}
PASSWORD: dict[str, Any] = {"password": "Correct-Horse-7"}
WRONG_PASSWORD: dict[str, Any] = {
    "code": "PERMISSION_DENIED",
    "detail": "The password is wrong.",
    "field": "password",
    "extra": {},
}
ACCOUNT: dict[str, Any] = {
    "id": "7a1f0c52-2f0c-4d4b-9d5e-3f5d2f1a7c11",
    "email": "dana@example.com",
    "created_at": 1_763_136_000_000,
    "status": "ACTIVE",
    "status_reason": "",
    "tier": "FREE",
    "limits": {
        "requests": {"per_minute": 60, "burst": 40, "used": 3, "left": 37, "reset_seconds": 3},
        "orders": {"per_minute": 30, "burst": 30, "used": 0, "left": 30, "reset_seconds": 0},
        "cancels": {"per_minute": 60, "burst": 60, "used": 0, "left": 60, "reset_seconds": 0},
        "socket_messages_per_second": 10,
        "connections": 2,
        "subscriptions": 10,
        "unfilled_attempts_per_minute": 20,
        "open_orders": 20,
    },
    "two_factor_enabled": False,
    "permissions": ["READ", "TRADE", "WITHDRAW"],
}
ACTIVITY: dict[str, Any] = {
    "id": "1c0f6a52-6f0c-4d4b-9d5e-3f5d2f1a7c12",
    "kind": "LOGGED_IN",
    "happened_at": 1_763_136_000_000,
    "address": "203.0.113.7",
    "device": "curl/8.5.0",
    "detail": "",
}
CHANGE_PASSWORD: dict[str, Any] = {
    "current_password": "Correct-Horse-7",
    "new_password": "Another-Horse-8",
    "confirm_password": "Another-Horse-8",
}
WRONG_OLD: dict[str, Any] = {
    "code": "PERMISSION_DENIED",
    "detail": "The old password is wrong.",
    "field": "current_password",
    "extra": {},
}
