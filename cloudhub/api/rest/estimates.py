"""What a wish would cost, without holding or sending anything."""

from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.api import shapes
from cloudhub.api.door import Door, actor_of, read_body, read_query
from cloudhub.api.rest.present import present_quote
from cloudhub.api.schema import WISH_EXAMPLE, describe
from cloudhub.core.errors import Invalid
from cloudhub.generations.quote import budgets_of_quote, estimate_wish
from cloudhub.generations.submit import CACHE_CHOICES
from cloudhub.generations.wish import read_tags


class Estimates(Door):
    @describe("estimate", "Generations", request=shapes.Wish, example=WISH_EXAMPLE, answers={200: shapes.QuoteRecord},
              errors=(400, 404, 413))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Price a wish: an upper bound, line by line, and the budgets it would count in.

        Takes the body of a generation. A wish that the cache answers would cost nothing; the estimate is without it.
        """
        actor = actor_of(request)
        if not actor.may("generate"):
            actor.require("read")
        read_query(request)
        fields = read_body(request)
        model, tags = fields.pop("model", None), read_tags(fields.pop("tags", None) or [])
        if fields.pop("cache", None) not in (None, *CACHE_CHOICES):
            raise Invalid.of({"cache": f"Choose one of {', '.join(CACHE_CHOICES)}."})
        quote = estimate_wish(actor, model, fields)
        return Response(present_quote(quote, budgets_of_quote(actor, quote, tags)))
