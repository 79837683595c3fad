"""The real settings with the vendor that answers later, for processes that are killed while it works."""

from cloudhub.settings import *  # noqa: F403
from cloudhub.settings import INSTALLED_APPS as APPS

INSTALLED_APPS = [*APPS, "tests.generations.errand"]
