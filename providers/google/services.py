"""Google's two services as their errors speak of them: the Gemini API by its key, Vertex AI by a Google Cloud project.

Gemini API: https://ai.google.dev/gemini-api/docs/troubleshooting and real answers. Vertex AI:
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors and real answers.
"""

from dataclasses import dataclass

AI_STUDIO = "https://aistudio.google.com/"
AI_STUDIO_KEYS = f"{AI_STUDIO}apikey"
IAM_PAGE = "https://console.cloud.google.com/iam-admin/iam"
VERTEX_API_PAGE = "https://console.cloud.google.com/apis/library/aiplatform.googleapis.com"
CLOUD_QUOTAS = "https://console.cloud.google.com/iam-admin/quotas"

NEW_KEY = (
    f"Make a new key in Google AI Studio ({AI_STUDIO_KEYS}) and set GOOGLE_API_KEY to it. "
    "New keys begin with AQ.; Google is switching off the older ones, which begin with AIza."
)
CHECK_KEY = (
    "Check that GOOGLE_API_KEY holds the whole key (new ones begin with AQ., older ones with AIza), that it was not "
    f"restricted or deleted in Google AI Studio ({AI_STUDIO_KEYS}), and that the Gemini API is enabled in its Google "
    "Cloud project; else make a new key there."
)
CHECK_PERMISSION = (
    "Check that the key may use this model, enable the Generative Language API in Google Cloud Console, and verify "
    "that billing is enabled for the key's project."
)
ENABLE_BILLING = (
    f"Image models have no free quota: switch on billing for the key's project in Google AI Studio ({AI_STUDIO_KEYS}), "
    "see https://ai.google.dev/gemini-api/docs/billing."
)
MORE_QUOTA = (
    f"check your quota in Google AI Studio ({AI_STUDIO}), or move to a higher quota tier "
    "(https://ai.google.dev/gemini-api/docs/rate-limits)."
)
ADD_CREDIT = (
    f"Add credit or raise the spend cap in Google AI Studio ({AI_STUDIO}); the lower tiers also limit what may "
    "be spent in ten minutes, which passes by itself."
)
OTHER_REGION = "See https://ai.google.dev/gemini-api/docs/available-regions; a model of another vendor may serve you."
CHANGE_REQUEST = "Change what Google names, or choose a model that has it; if you did not ask for it, tell the owner."
CHECK_ACCOUNT = (
    "Check that GOOGLE_APPLICATION_CREDENTIALS is the key file of a living service account of this project and that "
    "this machine's clock is right; without it, sign in again with `gcloud auth application-default login`."
)
GRANT_ROLE = (
    f"Give the account the role Vertex AI User (roles/aiplatform.user) in the project ({IAM_PAGE}), check "
    "GOOGLE_CLOUD_PROJECT and GOOGLE_CLOUD_REGION, and wait a few minutes."
)
CLOUD_BILLING = "Link the project to a billing account: https://console.cloud.google.com/billing/projects."
CLOUD_QUOTA = f"see the project's quotas ({CLOUD_QUOTAS}), or try GOOGLE_CLOUD_REGION=global, which has the most room."


@dataclass(frozen=True)
class Case:
    """A row: when status and a sign match, this code, headline and remedy."""

    status: int
    sign: str
    code: str
    headline: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Service:
    """One of the two services in the words of one vendor.

    `prefix` begins every sentence, `cases` are looked through in order before the rows of every service, `whom` ends
    "Google does not offer the model …". A 503 whose words match `overload` surely did not run.
    """

    prefix: str
    cases: tuple[Case, ...]
    whom: str
    not_found_remedy: str
    address_variable: str
    billing_remedy: str
    quota_remedy: str
    credit_remedy: str
    overload: str


OVERLOAD_WORDS = "overloaded|high demand"
CREDENTIALS, PERMISSION = "API credentials are invalid", "Permission denied"
GEMINI_API_CASES = (
    Case(400, "API_KEY_INVALID|API key not valid|API key not found", "key_invalid", CREDENTIALS, CHECK_KEY),
    Case(400, "API_KEY_EXPIRED|API key expired", "key_invalid", CREDENTIALS, NEW_KEY),
    Case(400, "User location is not supported", "permission_region", "Region not supported", OTHER_REGION),
    Case(400, "FAILED_PRECONDITION.*billing", "billing_disabled", "Billing is not enabled", ENABLE_BILLING),
    Case(401, "ACCESS_TOKEN_TYPE_UNSUPPORTED", "key_invalid", CREDENTIALS, NEW_KEY),
    Case(401, "", "key_invalid", CREDENTIALS, CHECK_KEY),
    Case(402, "", "billing_disabled", "Payment required", ENABLE_BILLING),
    Case(403, "unregistered callers", "no_key", f"{PERMISSION}, no key arrived", CHECK_KEY),
    Case(403, "reported as leaked", "key_invalid", f"{CREDENTIALS}, the key was reported as leaked", NEW_KEY),
    Case(403, "BILLING_DISABLED|CONSUMER_SUSPENDED", "billing_disabled", PERMISSION, ENABLE_BILLING),
    Case(
        403, "API_KEY_SERVICE_BLOCKED", "permission_region", f"{PERMISSION}, the key is restricted to other APIs",
        f"Allow the Generative Language API for this key in Google AI Studio ({AI_STUDIO_KEYS}), or make a new key.",
    ),
    Case(
        403, "SERVICE_DISABLED", "permission_region", f"{PERMISSION}, the Gemini API is switched off",
        "Enable the Generative Language API in Google Cloud Console{activation}, wait a few minutes, then try again.",
    ),
    Case(403, "", "permission_region", PERMISSION, CHECK_PERMISSION),
)  # fmt: skip
VERTEX_CASES = (
    Case(400, "FAILED_PRECONDITION.*billing", "billing_disabled", "Billing is not enabled", CLOUD_BILLING),
    Case(
        400, "FAILED_PRECONDITION.*not allowed to use", "permission_region", "Project not allowed",
        "Ask Google for access to this model in this project, or choose another model.",
    ),
    Case(401, "", "key_invalid", CREDENTIALS, CHECK_ACCOUNT),
    Case(402, "", "billing_disabled", "Payment required", CLOUD_BILLING),
    Case(403, "BILLING_DISABLED|CONSUMER_SUSPENDED|enable billing|billing to be enabled", "billing_disabled",
         PERMISSION, CLOUD_BILLING),
    Case(
        403, "SERVICE_DISABLED", "permission_region", f"{PERMISSION}, Vertex AI is switched off",
        f"Enable the Vertex AI API for the project{{activation}} ({VERTEX_API_PAGE}), wait a few minutes, then try "
        "again.",
    ),
    Case(403, "", "permission_region", PERMISSION, GRANT_ROLE),
)  # fmt: skip
COMMON_CASES = (
    Case(400, "", "capability", "Request not accepted", CHANGE_REQUEST),
    Case(413, "", "capability", "Request too large", "Use fewer or smaller reference pictures."),
)


def gemini_api(prefix: str, *, cases: tuple[Case, ...] = (), overload: str = "") -> Service:
    """The Gemini API; `cases` are rows of the vendor's own. Google's own 503 there means that the model is full."""
    return Service(
        prefix=prefix,
        cases=(*cases, *GEMINI_API_CASES, *COMMON_CASES),
        whom="to this key",
        not_found_remedy="Choose another model.",
        address_variable="GOOGLE_GEMINI_BASE_URL",
        billing_remedy=ENABLE_BILLING,
        quota_remedy=MORE_QUOTA,
        credit_remedy=ADD_CREDIT,
        overload=overload,
    )


def vertex_ai(prefix: str, *, cases: tuple[Case, ...] = ()) -> Service:
    """Vertex AI. Its page calls a 503 "not responding": only the words of an overload say that nothing ran."""
    return Service(
        prefix=prefix,
        cases=(*cases, *VERTEX_CASES, *COMMON_CASES),
        whom="to this project in this region",
        not_found_remedy="Try GOOGLE_CLOUD_REGION=global, where Google puts new models first, or choose another model.",
        address_variable="VERTEX_BASE_URL",
        billing_remedy=CLOUD_BILLING,
        quota_remedy=CLOUD_QUOTA,
        credit_remedy="Look at the project's budget and credit: https://console.cloud.google.com/billing.",
        overload=OVERLOAD_WORDS,
    )
