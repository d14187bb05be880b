"""The addresses of people: pages and REST."""

from django.urls import path

from accounts import pages
from accounts.api import account, api_keys, log_ins

urlpatterns = [
    path("signup", pages.sign_up, name="signup"),
    path("login", pages.log_in, name="login"),
    path("logout", pages.log_out, name="logout"),
    path("api/v1/auth/register", log_ins.RegisterView.as_view(), name="api-register"),
    path("api/v1/auth/login", log_ins.LogInView.as_view(), name="api-login"),
    path("api/v1/auth/refresh", log_ins.RefreshView.as_view(), name="api-refresh"),
    path("api/v1/auth/logout", log_ins.LogOutView.as_view(), name="api-logout"),
    path("api/v1/auth/logout-all", log_ins.LogOutEverywhereView.as_view(), name="api-logout-all"),
    path("api/v1/account", account.AccountView.as_view(), name="api-account"),
    path("api/v1/account/activity", account.ActivityView.as_view(), name="api-activity"),
    path(
        "api/v1/account/change-password",
        account.ChangePasswordView.as_view(),
        name="api-change-password",
    ),
    path("api/v1/api-keys", api_keys.KeyListView.as_view(), name="api-keys"),
    path("api/v1/api-keys/<uuid:key_id>", api_keys.KeyDetailView.as_view(), name="api-key"),
]
