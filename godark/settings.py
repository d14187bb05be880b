"""Every setting of the site, read from the environment through one typed helper.

The names are listed with their meaning in `.env.example`; a tidy test compares the two.
`GODARK_ENVIRONMENT` is `development` (the default, safe to run anywhere), `test` or
`production`; in production a missing secret refuses to start.
"""

import os
import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import quote

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from godark import logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if os.environ.get("GODARK_ENVIRONMENT") != "test" and (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

# 1. What kind of place this is.
ENVIRONMENT = env.str("GODARK_ENVIRONMENT", default="development")
if ENVIRONMENT not in {"development", "test", "production"}:
    raise ImproperlyConfigured(
        f"GODARK_ENVIRONMENT is {ENVIRONMENT!r}; it may be development, test or production."
    )
IN_PRODUCTION = ENVIRONMENT == "production"
IN_DEVELOPMENT = ENVIRONMENT == "development"
DEBUG = env.bool("GODARK_DEBUG", default=False)
if IN_PRODUCTION and DEBUG:
    raise ImproperlyConfigured("GODARK_DEBUG must be off in production.")
VAR_DIR = Path(env.str("GODARK_VAR", default="") or BASE_DIR / "var")
if IN_DEVELOPMENT and (VAR_DIR / "environment").exists():
    # Where the embedded servers are while `make run` runs: so manage.py finds them.
    env.read_env(VAR_DIR / "environment")
VERSION = "0.1.0"
SHORTEST_SECRET_KEY = 50


def required_in_production(name: str, *, otherwise: str) -> str:
    """Return a setting that production must be given and that elsewhere has a stand-in."""
    value: str = env.str(name, default="")
    if value:
        return value
    if IN_PRODUCTION:
        raise ImproperlyConfigured(f"{name} must be set in production; see .env.example.")
    return otherwise


def refuse_no_fernet_key(key: str) -> None:
    """Refuse to start with a key that is none, before anything was encrypted by it."""
    try:
        Fernet(key)
    except ValueError as error:
        raise ImproperlyConfigured(
            "GODARK_FIELD_KEYS holds what is no key: each is 32 bytes in URL-safe base64."
        ) from error


# 2. Secrets and hosts.
DEVELOPMENT_SECRET_KEY = "development-only-key-that-guards-nothing-of-value-at-all"  # noqa: S105 - published, and refused in production
SECRET_KEY = required_in_production("GODARK_SECRET_KEY", otherwise=DEVELOPMENT_SECRET_KEY)
SECRET_KEY_FALLBACKS = env.list("GODARK_SECRET_KEY_FALLBACKS", default=[])
if IN_PRODUCTION and SECRET_KEY == DEVELOPMENT_SECRET_KEY:
    raise ImproperlyConfigured("GODARK_SECRET_KEY is the published one of development.")
if IN_PRODUCTION and len(SECRET_KEY) < SHORTEST_SECRET_KEY:
    raise ImproperlyConfigured(
        f"GODARK_SECRET_KEY must hold at least {SHORTEST_SECRET_KEY} characters in production."
    )
# What encrypts secrets in the database: Fernet keys, the newest first (accounts.secrets_at_rest).
DEVELOPMENT_FIELD_KEY = "ZGV2ZWxvcG1lbnQtb25seS1rZXktb2YtZmllbGRzLS0="
FIELD_KEYS = [
    key.strip()
    for key in required_in_production("GODARK_FIELD_KEYS", otherwise=DEVELOPMENT_FIELD_KEY).split(
        ","
    )
]
if IN_PRODUCTION and DEVELOPMENT_FIELD_KEY in FIELD_KEYS:
    raise ImproperlyConfigured("GODARK_FIELD_KEYS holds the published one of development.")
for field_key in FIELD_KEYS:
    refuse_no_fernet_key(field_key)
BASE_URL = required_in_production("GODARK_BASE_URL", otherwise="http://127.0.0.1:8000")
if IN_PRODUCTION and not BASE_URL.startswith("https://"):
    raise ImproperlyConfigured("GODARK_BASE_URL must begin with https:// in production.")
ALLOWED_HOSTS = env.list(
    "GODARK_ALLOWED_HOSTS", default=[] if IN_PRODUCTION else ["127.0.0.1", "localhost", "[::1]"]
)
if IN_PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("GODARK_ALLOWED_HOSTS must be set in production.")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "godark.error_pages.csrf_failure"
# How many proxies of ours a request passes before the site. Each appends to X-Forwarded-For
# whom it was called by, so the client is that many entries from the right. Zero: the header
# is ignored.
try:
    TRUSTED_PROXIES = env.int("GODARK_TRUSTED_PROXIES", default=0)
except ValueError:
    TRUSTED_PROXIES = -1
if TRUSTED_PROXIES < 0:
    raise ImproperlyConfigured("GODARK_TRUSTED_PROXIES is a count: 0, 1, 2 and so on.")
METRICS_NETWORKS = env.list("GODARK_METRICS_NETWORKS", default=[])
try:
    for network in METRICS_NETWORKS:
        ip_network(network)
except ValueError as error:
    raise ImproperlyConfigured(f"GODARK_METRICS_NETWORKS: {error}.") from error
# The largest body of a request, of any kind.
MAX_BODY_BYTES = 2_621_440
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

# 3. Apps and middleware.
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "godark.apps.StaffSiteConfig",
    "django_otp",
    "django_otp.plugins.otp_static",
    "axes",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "godark.jobs",
    "accounts",
    "compliance",
    "staking",
    "trading",
]
MIDDLEWARE = [
    "godark.middleware.RequestMiddleware",
    "godark.middleware.HeadersMiddleware",
    "godark.compression.CompressionMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "godark.static_files.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.recognition.RecognitionMiddleware",
    # After whoever asks is known, before whatever may refuse: every answer of the API counts.
    "godark.counting.CountingMiddleware",
    "godark.middleware.GuardMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "godark.urls"
ASGI_APPLICATION = "godark.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "trading.pages.price_mode",
            ],
        },
    }
]

# 4. PostgreSQL and Redis. `make run` points these at the embedded servers under var/.
DATABASES = {
    "default": env.db_url_config(
        required_in_production("DATABASE_URL", otherwise="postgres:///godark")
    )
}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
# How long a thread keeps its connection; the web server's threads live as long as it does.
DATABASES["default"]["CONN_MAX_AGE"] = int(env.str("GODARK_CONNECTION_SECONDS", default="") or 0)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Who owns the tables and migrates them; the site itself may do nothing to them.
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default="")
DATABASE_OWNER = env.db_url_config(DATABASE_OWNER_URL) if DATABASE_OWNER_URL else {}
DATABASE_SITE = dict(DATABASES["default"])
REDIS_URL = required_in_production("REDIS_URL", otherwise="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "godark",
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # socket_timeout None: redis-py 8's default cuts every idle socket after 6 s.
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}]},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# 5. People and sessions.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "accounts.passwords.BoundedArgon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 8},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.CharacterClassesValidator"},
    {"NAME": "accounts.passwords.MaximumLengthValidator"},
]
SESSION_ENGINE = "accounts.browser_sessions"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "accounts.guessing.answer_locked_out"
AXES_USERNAME_CALLABLE = "accounts.guessing.name_of_attempt"
AXES_HANDLER = "accounts.guessing.GuessCounter"
AXES_RESET_ON_SUCCESS = True
# A lock lasts fifteen minutes from its last counted failure: nobody can hold it shut forever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ACCESS_FAILURE_LOG = True
# What of a failed attempt is kept or logged as asterisks only.
AXES_SENSITIVE_PARAMETERS = [
    "username",
    "email",
    "ip_address",
    "password",
    "confirm_password",
    "code",
    "otp",
    "csrfmiddlewaretoken",
]
OTP_ADMIN_HIDE_SENSITIVE_DATA = True
AXES_CLIENT_IP_CALLABLE = "godark.proxies.counted_address_of"
OTP_TOTP_ISSUER = "GoDark"

# 6. The wire: what production demands of browsers.
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
# `make run` starts a development chain where no node is named. Only in development does the
# browser reach the node itself: no wallet knows that chain, so the page sends what it has signed.
SOLANA_RPC_URL = env.str("SOLANA_RPC_URL", default="") or "http://127.0.0.1:8899"
SOLANA_BROWSER_NODE = "" if IN_PRODUCTION else SOLANA_RPC_URL
# Whom a browser asks what the chain holds: never this site.
SOLANA_PROOF_NODE = env.str("SOLANA_PROOF_NODE", default="") or (
    SOLANA_BROWSER_NODE or "https://api.mainnet-beta.solana.com"
)
# In the form of Django 6.0. No inline script or style, nothing from elsewhere; but for the one
# style that the chart's library puts into the page (the mark of its makers), by its hash.
CHART_STYLE = "'sha256-3pRED1tOXas1FXFoPb9TGCjmYe9XQsmO9OV23khV2nY='"
SECURE_CSP = {
    "default-src": ["'self'"],
    "style-src": ["'self'", CHART_STYLE],
    "img-src": ["'self'", "data:"],
    "connect-src": [
        "'self'",
        BASE_URL.replace("http", "ws", 1),
        *sorted({SOLANA_PROOF_NODE, SOLANA_BROWSER_NODE} - {""}),
    ],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}
if IN_PRODUCTION:
    SECURE_SSL_REDIRECT = True
    # Asked from inside, where nobody speaks TLS.
    SECURE_REDIRECT_EXEMPT = [r"^health$", r"^api/v1/health$", r"^metrics$"]
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# 7. Words, times, files.
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = "godark.formats"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static-built"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "godark.static_files.BuiltStaticFiles"
        if IN_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not IN_PRODUCTION
WHITENOISE_AUTOREFRESH = not IN_PRODUCTION
WHITENOISE_ALLOW_ALL_ORIGINS = False
MEDIA_ROOT = VAR_DIR / "media"

# 8. REST and its documents.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.CallerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["godark.wire.JsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "godark.wire.JsonWhateverIsAccepted",
    "DEFAULT_METADATA_CLASS": "godark.wire.NothingMore",
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_SCHEMA_CLASS": "godark.openapi.Schema",
    "EXCEPTION_HANDLER": "godark.errors.answer_failure",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "GoDark API",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "godark.openapi.describe_failures_and_limits",
    ],
    "ENUM_NAME_OVERRIDES": {
        "UpOrDown": "godark.api.UpOrDown.choices",
        "ApiKeyKind": "accounts.models.api_keys.ApiKey.Kind",
        "ApiKeyPermission": "accounts.models.api_keys.Permission",
        "MarketStateEnum": "trading.models.MarketState.choices",
        "OrderStatusEnum": "trading.models.OrderStatus.choices",
    },
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SWAGGER_UI_SETTINGS": {
        # Deep links put a link into a button, which no screen reader can tell apart.
        "deepLinking": False,
        "displayRequestDuration": True,
        "defaultModelsExpandDepth": 0,
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# 9. Limits, and the gate that each door asks.
GATE = "compliance.gate"
# A folder of lists of wallets under sanctions; empty: the (old) ones in the tree.
SANCTIONS_FOLDER = env.str("GODARK_SANCTIONS", default="")
# Redis answers in well under a millisecond; later than this it counts as away.
LIMITS_TIMEOUT_SECONDS = 0.25
# How long the health page waits for a part.
PROBE_SECONDS = 2.0

# 10. Jobs. The beat table stands in godark/celery.py.
# Celery writes a Unix socket in its own way.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace(
    "?db=", "?virtual_host="
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A message that a killed worker held comes back after this, by then expired. Longer than any job.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 1800}
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 65
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = 2
# kB: who has grown so large over a job (a check of the whole log, all claims) ends after it.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 500_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "godark.celery:Clockwork"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_MAX_LOOP_INTERVAL = 5

# 11. Solana. The node is named above, since the browser must be let through to it in development.
# Where a page sends people to look at a transaction.
SOLANA_EXPLORER_URL = env.str("SOLANA_EXPLORER_URL", default="") or (
    "https://explorer.solana.com/tx/{signature}"
    + (
        f"?cluster=custom&customUrl={quote(SOLANA_BROWSER_NODE, safe='')}"
        if SOLANA_BROWSER_NODE
        else ""
    )
)
# The program, its currency and the venue's keys (file:PATH, env:NAME or SERVICE:KEY-ID). Without
# them development uses those that its own chain begins with.
DEVELOPMENT_SALT_MASTER = "11" * 32
SOLANA = {
    "program_id": required_in_production("SOLANA_PROGRAM_ID", otherwise=""),
    "usdt_mint": required_in_production("SOLANA_USDT_MINT", otherwise=""),
    # The address of the wallet from which the venue's own money is paid in.
    "venue_wallet": required_in_production("GODARK_VENUE_WALLET", otherwise=""),
    "venue_key": required_in_production("GODARK_VENUE_KEY", otherwise=""),
    "operator_key": required_in_production("GODARK_OPERATOR_KEY", otherwise=""),
    # Only the witness opens it, on a machine of its own: no other process needs it there.
    "witness_key": env.str("GODARK_WITNESS_KEY", default=""),
    # 32 bytes as hex: the salts of the state tree's leaves are derived from it.
    "salt_master": required_in_production("GODARK_SALT_MASTER", otherwise=DEVELOPMENT_SALT_MASTER),
}
# The witness's own node, and the one file that it keeps.
WITNESS_RPC_URL = env.str("GODARK_WITNESS_RPC_URL", default="") or SOLANA_RPC_URL
WITNESS_MEMORY = Path(
    env.str("GODARK_WITNESS_MEMORY", default="") or VAR_DIR / "witness" / "memory"
)
# How often all claims are committed; a demonstration may have it short.
CHECKPOINT_SECONDS = env.int("GODARK_CHECKPOINT_SECONDS", default=900)
if not re.fullmatch(r"[0-9a-fA-F]{64}", SOLANA["salt_master"]):
    raise ImproperlyConfigured("GODARK_SALT_MASTER is 32 bytes as hex.")
if IN_PRODUCTION and SOLANA["salt_master"] == DEVELOPMENT_SALT_MASTER:
    raise ImproperlyConfigured("GODARK_SALT_MASTER is the published one of development.")

# 12. What the site writes down about itself.
LOGGING = logs.configure(
    as_json=IN_PRODUCTION, level=env.str("GODARK_LOG_LEVEL", default="INFO").upper()
)

# 13. Prices: where they come from (simulated, replay or live), and how often they are made.
PRICES = {
    "mode": env.str("GODARK_PRICES", default="live" if IN_PRODUCTION else "simulated"),
    "seed": env.int("GODARK_PRICES_SEED", default=1),
    "schedule": env.str("GODARK_PRICES_SCHEDULE", default="calm"),
    "recording": env.str("GODARK_PRICES_RECORDING", default=""),
    "speed": env.float("GODARK_PRICES_SPEED", default=1.0),
    "begins_at_ms": env.int("GODARK_PRICES_BEGIN_AT", default=0),
    "step_ms": env.int("GODARK_PRICES_STEP_MS", default=250),
    "hermes_url": env.str("GODARK_PYTH_URL", default="https://pyth.dourolabs.app/hermes"),
    "hermes_key": env.str("GODARK_PYTH_KEY", default=""),
    "solana_url": env.str("GODARK_SWITCHBOARD_RPC_URL", default=""),
    "switchboard_feeds": env.json("GODARK_SWITCHBOARD_FEEDS", default={}),
}
