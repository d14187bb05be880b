"""Every address of the site. Each app lists its own; this file says where they hang."""

from django.contrib import admin
from django.urls import include, path, re_path

from godark import error_pages
from godark.styleguide import styleguide

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("trading.urls")),
    path("styleguide", styleguide, name="styleguide"),
    # Last: what no line above has taken under /api/ is answered as JSON, with every method.
    re_path(r"^api/", error_pages.unmatched),
]
handler400 = error_pages.bad_request
handler403 = error_pages.permission_denied
handler404 = error_pages.not_found
handler500 = error_pages.server_error
