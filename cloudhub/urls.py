"""Every address of the hub: the doors' own lists, and the admin site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

# One way in for all: the admin site's own form knows neither the second factor nor the throttle.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
handler429 = "cloudhub.web.sign_in.words.too_many"

urlpatterns = [
    path("admin/password_change/", RedirectView.as_view(url="/account/")),
    path("admin/", admin.site.urls),
    path("", include("cloudhub.api.urls")),
    path("", include("cloudhub.web.sign_in.urls")),
    path("", include("cloudhub.web.urls")),
]
