"""Sign in and sign out."""

from django.contrib.auth.views import LoginView, LogoutView


class SignIn(LoginView):
    """The fields are `username`, which holds the e-mail address, and `password`."""

    template_name = "login.html"
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """POST only: a link or a picture on another site must not sign anybody out."""

    next_page = "web:login"
