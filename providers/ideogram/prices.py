"""What a call is charged for: pictures of one quality, whatever their size. Pure.

https://ideogram.ai/blog/ideogram-api-pricing names one price a quality. Ideogram bills sizes up to 1024x1024 pixels as
1K and larger ones as 2K; its own price quotes (https://developer.ideogram.ai/ideogram-api/price-quotes) for a size that
it chooses itself, which it bills as 2K, are the prices of that page: they bound both.
"""

from providers.base import CloudGenerationRequest
from providers.ideogram.services import Service


def quality_of(request: CloudGenerationRequest, service: Service) -> str:
    """The quality that is drawn and paid, empty where a model has but one."""
    return request.quality or service.usual_quality


def unit_of(request: CloudGenerationRequest, service: Service) -> str:
    """The unit of the price list that each picture is charged as."""
    quality = quality_of(request, service)
    return f"image_{quality}" if quality else "image"
