#!/usr/bin/env python
"""Django's command line for CloudHub; `python3 hub.py manage …` runs it in the project's own environment."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from cloudhub.core.redaction import guard_streams

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cloudhub.settings")
    guard_streams()
    # Pictures, prompts and the database's file with its password hashes are for the hub's own account.
    os.umask(0o077)
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"CloudHub cannot start: {error}")
