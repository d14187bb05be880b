"""Every address of the site. Each app lists its own; this file says where they hang."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from godark import api, error_pages, scrape
from godark.styleguide import styleguide

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("trading.urls")),
    path("", include("accounts.urls")),
    path("styleguide", styleguide, name="styleguide"),
    path("health", api.alive, name="alive"),
    path("metrics", scrape.scrape, name="metrics"),
    path("api/v1/health", api.HealthView.as_view(), name="health"),
    path("api/v1/time", api.TimeView.as_view(), name="time"),
    path("api/schema/", api.SchemaView.as_view(), name="schema"),
    path("api/docs/", api.DocsView.as_view(), name="docs"),
    path("api/docs", RedirectView.as_view(pattern_name="docs")),
    path("api/schema", RedirectView.as_view(pattern_name="schema")),
    # Last: what no line above has taken under /api/ is answered as JSON, with every method.
    re_path(r"^api/", error_pages.unmatched),
]
handler400 = error_pages.bad_request
handler403 = error_pages.permission_denied
handler404 = error_pages.not_found
handler500 = error_pages.server_error
