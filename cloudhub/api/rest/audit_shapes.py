"""A line of the audit trail as the OpenAPI document shows it."""

from rest_framework import serializers as field

from cloudhub.accounts.audit_report import DOORS
from cloudhub.api.shapes import AnyObject, Shape, one_of


class AuditRecord(Shape):
    number = field.IntegerField()
    at = field.DateTimeField()
    action = field.CharField(help_text="The object and the verb in the past, such as `hub_key.revoked`.")
    target_kind = field.CharField(allow_blank=True)
    target_id = field.CharField(allow_blank=True)
    target_name = field.CharField(allow_null=True)
    details = AnyObject()
    team = field.CharField(allow_null=True)
    team_id = field.IntegerField(allow_null=True)
    who = field.CharField(allow_null=True, help_text="Null once the person was erased.")
    user_id = field.IntegerField(allow_null=True)
    hub_key = field.CharField(allow_null=True)
    hub_key_id = field.IntegerField(allow_null=True)
    door = one_of(DOORS)
    address = field.CharField(allow_null=True, help_text="The network address as the web server saw it.")
    is_erased = field.BooleanField()
    personal_digest = field.CharField(help_text="What stands in the hash for who, address and target_name.")
    previous_hash = field.CharField()
    hash = field.CharField(help_text="SHA-256 of the line and the hash before, hexadecimal.")
