"""Every address of the API doors, without a slash at the end; what is unknown below them answers in JSON too."""

from django.urls import URLPattern, path

from cloudhub.api.docs import DocsPage, Schema
from cloudhub.api.door import NothingHere
from cloudhub.api.openai.errors import NoSuchOpenAIAddress
from cloudhub.api.openai.images import ImageEdits, ImageGenerations
from cloudhub.api.openai.models import Models, OneModel
from cloudhub.api.operations import healthz, readyz
from cloudhub.api.pictures import SignedPicture
from cloudhub.api.rest.audit import AuditExport, AuditTrail
from cloudhub.api.rest.budgets import Budgets, OneBudget
from cloudhub.api.rest.cloud_models import CloudModels, OneCloudModel
from cloudhub.api.rest.estimates import Estimates
from cloudhub.api.rest.generations import AttemptDecision, CancelGeneration, Generations, OneGeneration
from cloudhub.api.rest.hub_keys import HubKeyRotation, HubKeys, OneHubKey
from cloudhub.api.rest.images import ImageRestore, Images, OneImage
from cloudhub.api.rest.keys import OneVendorKey, VendorKeyRotation, VendorKeys, VendorKeyTest
from cloudhub.api.rest.lanes import OneLane, OpenLane
from cloudhub.api.rest.providers import OneProvider, ProviderCheck, Providers
from cloudhub.api.rest.usage import Usage, UsageEntries

app_name = "api"

REST = "api/v1"

urlpatterns: list[URLPattern] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("api/schema", Schema.as_view(), name="schema"),
    path("api/docs", DocsPage.as_view(), name="docs"),
    path(f"{REST}/cloud_models", CloudModels.as_view(), name="cloud-models"),
    path(f"{REST}/cloud_models/<str:reference>", OneCloudModel.as_view(), name="cloud-model"),
    path(f"{REST}/providers", Providers.as_view(), name="providers"),
    path(f"{REST}/providers/<str:provider_id>", OneProvider.as_view(), name="provider"),
    path(f"{REST}/providers/<str:provider_id>/check", ProviderCheck.as_view(), name="provider-check"),
    path(f"{REST}/lanes/<str:lane_id>", OneLane.as_view(), name="lane"),
    path(f"{REST}/lanes/<str:lane_id>/open", OpenLane.as_view(), name="lane-open"),
    path(f"{REST}/estimates", Estimates.as_view(), name="estimates"),
    path(f"{REST}/generations", Generations.as_view(), name="generations"),
    path(f"{REST}/generations/<str:generation_id>", OneGeneration.as_view(), name="generation"),
    path(f"{REST}/generations/<str:generation_id>/cancel", CancelGeneration.as_view(), name="cancel-generation"),
    path(f"{REST}/attempts/<str:attempt_id>/decision", AttemptDecision.as_view(), name="decision"),
    path(f"{REST}/images", Images.as_view(), name="images"),
    path(f"{REST}/images/<str:image_id>", OneImage.as_view(), name="image"),
    path(f"{REST}/images/<str:image_id>/restore", ImageRestore.as_view(), name="image-restore"),
    path(f"{REST}/budgets", Budgets.as_view(), name="budgets"),
    path(f"{REST}/budgets/<str:budget_id>", OneBudget.as_view(), name="budget"),
    path(f"{REST}/usage", Usage.as_view(), name="usage"),
    path(f"{REST}/usage/entries", UsageEntries.as_view(), name="usage-entries"),
    path(f"{REST}/audit", AuditTrail.as_view(), name="audit"),
    path(f"{REST}/audit/export", AuditExport.as_view(), name="audit-export"),
    path(f"{REST}/hub_keys", HubKeys.as_view(), name="hub-keys"),
    path(f"{REST}/hub_keys/<str:key_id>", OneHubKey.as_view(), name="hub-key"),
    path(f"{REST}/hub_keys/<str:key_id>/rotate", HubKeyRotation.as_view(), name="hub-key-rotate"),
    path(f"{REST}/keys", VendorKeys.as_view(), name="keys"),
    path(f"{REST}/keys/<str:key_id>", OneVendorKey.as_view(), name="key"),
    path(f"{REST}/keys/<str:key_id>/test", VendorKeyTest.as_view(), name="key-test"),
    path(f"{REST}/keys/<str:key_id>/rotate", VendorKeyRotation.as_view(), name="key-rotate"),
    path("v1/images/generations", ImageGenerations.as_view(), name="openai-images"),
    path("v1/images/edits", ImageEdits.as_view(), name="openai-edits"),
    path("v1/models", Models.as_view(), name="openai-models"),
    path("v1/models/<path:model>", OneModel.as_view(), name="openai-model"),
    path("images/signed/<str:token>", SignedPicture.as_view(), name="signed-picture"),
    path("api/<path:rest>", NothingHere.as_view(), name="nothing-here"),
    path("v1/<path:rest>", NoSuchOpenAIAddress.as_view(), name="nothing-there"),
]
