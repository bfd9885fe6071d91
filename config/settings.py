"""Settings: read once from the environment, every variable documented in ``.env.example``."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent

# "production" trusts nothing; "sandbox" is the demo with its simulators; "test" is the test suite.
MODE = env.one_of("JACKFIELD_MODE", ("production", "sandbox", "test"), "production")
DEBUG = False
PUBLIC_URL = env.text("JACKFIELD_URL", "http://127.0.0.1:8000").rstrip("/")

# --------------------------------------------------------------------------- secrets

SECRET_KEY = env.text("SECRET_KEY", "" if MODE == "production" else "only-for-the-demo-and-the-tests")
# Comma-separated "<id>:<base64 of 32 bytes>"; the first seals, all open. See workspaces/crypto.py.
ENCRYPTION_KEYS = env.words(
    "ENCRYPTION_KEYS", "" if MODE == "production" else "demo:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
)
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set: give it 50 random characters.")
if not ENCRYPTION_KEYS:
    raise ImproperlyConfigured(
        "ENCRYPTION_KEYS is not set: `JACKFIELD_MODE=sandbox python manage.py new_key` prints one."
    )

# --------------------------------------------------------------------------- the outside

# Customers' addresses may use these ports; 80 also permits plain http.
OUTGOING_PORTS = frozenset(int(port) for port in env.words("OUTGOING_PORTS", "443"))
# Simulators: "slack.com=127.0.0.1:8002" sends what is meant for slack.com there, and "*.example.com=127.0.0.1:8007"
# what is meant for any name below example.com; a bare "host:port" may be spoken to.
SIMULATED_HOSTS = env.pairs("SIMULATED_HOSTS")
SANDBOX_TARGETS = frozenset(env.words("SANDBOX_TARGETS")) | frozenset(SIMULATED_HOSTS.values())
if MODE == "production" and SANDBOX_TARGETS:
    raise ImproperlyConfigured(
        "SIMULATED_HOSTS and SANDBOX_TARGETS are for the sandbox only: unset them in production."
    )
EMAIL_URL = env.text("EMAIL_URL")  # smtp://user:password@host:587 (STARTTLS) or smtps://…:465
EMAIL_FROM = env.text("EMAIL_FROM", "Jackfield <alerts@localhost>")

# --------------------------------------------------------------------------- the pipeline

DRAIN_THREADS = env.number("DRAIN_THREADS", 128)  # waits on HTTP, for each worker process
CONNECTION_PARALLEL = env.number("CONNECTION_PARALLEL", 10)  # deliveries in flight to one connection
WORKSPACE_PARALLEL = env.number("WORKSPACE_PARALLEL", 64)  # deliveries in flight for one workspace
RETENTION_DAYS = env.number("RETENTION_DAYS", 30)
SILENT_RETENTION_DAYS = env.number("SILENT_RETENTION_DAYS", 3)  # events that no rule fired on

# --------------------------------------------------------------------------- Django

# The demo and the tests answer to their own public name, whatever that is, besides the names of this machine.
_own_names = f"127.0.0.1,localhost,testserver,{urlsplit(PUBLIC_URL).hostname or ''}"
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if MODE == "production" else _own_names)
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False  # a redirect would break POST, PUT and DELETE of the wire contract
INSTALLED_APPS = [
    "config",
    "workspaces",
    "connections",
    "rules",
    "deliveries",
    "django.contrib.admin.apps.SimpleAdminConfig",  # found by config/urls.py: workers need no staff pages
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
]
MIDDLEWARE = [
    "config.hosts.only_ours",
    "config.intake.intake",  # events need nothing of what follows
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "workspaces.embed.framing.Framing",
    "config.outage.outage_is_503",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Only the staff pages use these; they set no cookie unless somebody signs in there.
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
# Without a URL the dummy back-end stands in: commands that need no database work, all others say what is missing.
_database = env.database("DATABASE_URL")
DATABASES = {"default": _database} if _database else {}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
# A provider brings its own words.
LOCALE_PATHS = [BASE_DIR / "locale", *sorted(BASE_DIR.glob("connections/providers/*/locale"))]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = MODE != "production"  # there `manage.py collectstatic` gathers them; see config/checks.py
WHITENOISE_AUTOREFRESH = MODE == "test"  # each test client would look at every file beforehand
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024  # the API measures for itself, and stricter: workspaces/bodies.py
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin/"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
X_FRAME_OPTIONS = "DENY"
LOGGING_CONFIG = None
logs.configure(MODE)
