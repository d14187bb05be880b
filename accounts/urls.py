"""The addresses of people's pages."""

from django.urls import path

from accounts import pages

urlpatterns = [
    path("signup", pages.sign_up, name="signup"),
    path("login", pages.log_in, name="login"),
    path("logout", pages.log_out, name="logout"),
]
