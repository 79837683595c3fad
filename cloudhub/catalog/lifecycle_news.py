"""Bring registrations up to what a vendor itself announces of its models' ends."""

from cloudhub.catalog.models import CloudModel
from cloudhub.core.database import release_connection, run_transaction
from cloudhub.vault.keys import every_key
from providers.base import Lifecycle, Provider


def refresh_lifecycles(provider: Provider) -> list[str]:
    """Ask the vendor, free of charge, and store the dates that are news; a sentence for people for each of them.

    Does nothing without the vendor's key. Raises `ProviderError` when the vendor does not answer.
    """
    keys = every_key(provider)
    if not keys:
        return []
    release_connection()
    announced = provider.read_lifecycles(keys[0])
    registered = CloudModel.objects.filter(provider=provider.id, cloud_model_id__in=list(announced)).order_by("key")
    found = (_store(model, announced[model.cloud_model_id], provider) for model in registered)
    return [sentence for sentence in found if sentence]


def _store(model: CloudModel, news: Lifecycle, provider: Provider) -> str:
    """Store where and when the date was read; the sentence is empty when the date is the known one."""
    if news.shut_down is None or _is_older(news, model):
        return ""
    rows = CloudModel.objects.filter(id=model.pk)
    read = {"lifecycle_source": news.source, "lifecycle_read_on": news.read_on}
    run_transaction(lambda: rows.update(shut_down_on=news.shut_down, **read))
    if news.shut_down == model.shut_down_on:
        return ""
    before = f"until now {model.shut_down_on} was known" if model.shut_down_on else "until now no date was known"
    return f"{model.name} ({model.key}) has the shut-down date {news.shut_down}, {provider.label} says; {before}."


def _is_older(news: Lifecycle, model: CloudModel) -> bool:
    """Whether the registration's own date was read later, such as from a newer catalogue."""
    return bool(news.read_on and model.lifecycle_read_on and news.read_on < model.lifecycle_read_on)
