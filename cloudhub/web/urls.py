"""Addresses of the pages and of their fragments. A fragment has an address of its own, beside its page."""

from django.urls import path

from cloudhub.web.views import account, audit, budgets, costs, gallery, media, models, sign_in, status, studio

app_name = "web"

urlpatterns = [
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("logout/", sign_in.SignOut.as_view(), name="logout"),
    path("", studio.studio, name="studio"),
    path("studio/fields", studio.model_fields, name="studio-fields"),
    path("studio/price", studio.price, name="studio-price"),
    path("studio/references", studio.add_references, name="studio-references"),
    path("studio/mask", studio.add_mask, name="studio-mask"),
    path("studio/generations", studio.generate, name="studio-generate"),
    path("studio/updates", studio.updates, name="studio-updates"),
    path("studio/generations/<uuid:generation_id>/cancel", studio.cancel, name="generation-cancel"),
    path("gallery/", gallery.gallery, name="gallery"),
    path("gallery/import/", gallery.import_pictures, name="gallery-import"),
    path("gallery/tiles", gallery.tiles, name="gallery-tiles"),
    path("gallery/<uuid:image_id>/", gallery.picture, name="picture"),
    path("gallery/generations/<uuid:generation_id>/", gallery.generation, name="generation"),
    path("attempts/<uuid:attempt_id>/decision", gallery.decide, name="attempt-decision"),
    path("media/<uuid:image_id>", media.original, name="media"),
    path("media/<uuid:image_id>.thumb", media.thumb, name="media-thumb"),
    path("media/<uuid:image_id>.download", media.download, name="media-download"),
    path("media/<uuid:image_id>.original", media.download_original, name="media-original"),
    path("media/previews/<uuid:attempt_id>/<int:number>", media.preview, name="media-preview"),
    path("models/", models.models, name="models"),
    path("models/register", models.register, name="model-register"),
    path("models/<int:model_id>/change", models.change, name="model-change"),
    path("costs/", costs.costs, name="costs"),
    path("budgets/", budgets.budgets, name="budgets"),
    path("budgets/<int:budget_id>/change", budgets.change, name="budget-change"),
    path("budgets/<int:budget_id>/end", budgets.end, name="budget-end"),
    path("status/", status.status, name="status"),
    path("status/live", status.live, name="status-live"),
    path("status/vendors/<str:provider_id>/check", status.check, name="status-check"),
    path("status/lanes/<int:lane_id>/limits", status.change_limits, name="lane-limits"),
    path("status/lanes/<int:lane_id>/open", status.open_lane, name="lane-open"),
    path("status/attempts/<uuid:attempt_id>/decision", status.decide, name="status-decision"),
    path("audit/", audit.audit, name="audit"),
    path("audit/lines.<str:form>", audit.export, name="audit-export"),
    path("account/", account.account, name="account"),
    path("account/team", account.switch_team, name="account-team"),
    path("account/password", account.change_password, name="account-password"),
    path("account/keys", account.make_key, name="account-keys"),
    path("account/keys/<int:key_id>/revoke", account.revoke_key, name="account-key-revoke"),
]
