"""Carry out a wish: pictures, the cost in ticks, moderation, and the charge for all of it.

https://docs.x.ai/developers/cost-tracking. A picture that is withheld is charged: the recorded refusal "Generated image
rejected by content moderation." names its full cost. Input pictures are charged once a call, as the gateways that
compare their bills have it.
"""

import base64
import secrets
from fractions import Fraction

import orjson

from providers.emulation.contract import Call, Reply
from providers.emulation.drawing import draw_picture
from providers.emulation.invoice import Charge, ChargeLine
from providers.xai.emulator.errors import Refused
from providers.xai.emulator.files import keep_file
from providers.xai.emulator.wish import Wish

TICKS_OF_A_MICRO = 10_000
MIME_TYPE = "image/jpeg"


def answer_wish(wish: Wish, call: Call, request_id: str, headers: dict[str, str]) -> Reply:
    """The reply with the charge for its work. Raises `Refused` when moderation takes the only picture."""
    fault = call.fault
    if fault.filtered == "prompt":
        blocked = {"data": [], "block_reason": "Content violates usage guidelines.", "model": wish.model.id,
                   "usage": {"cost_in_usd_ticks": 0}}  # fmt: skip
        return Reply(body=orjson.dumps(blocked), content_type="application/json", headers=headers)
    ticks = fault.scaled(cost_in_ticks(wish))
    line = ChargeLine(ticks, Fraction(1, TICKS_OF_A_MICRO))
    charge = Charge(model=wish.model.id, request_id=request_id, lines=(line,))
    if fault.filtered and wish.number == 1:
        raise Refused(400, "Generated image rejected by content moderation.", charge=charge, ticks=ticks)
    passed = wish.number if fault.partial is None else min(fault.partial, wish.number)
    passed = 0 if fault.filtered else passed
    items = [_item(wish, call) if number < passed else {"respect_moderation": False, "revised_prompt": ""}
             for number in range(wish.number)]  # fmt: skip
    document = {"data": items, "model": wish.model.id, "usage": {"cost_in_usd_ticks": ticks}}
    return Reply(body=orjson.dumps(document), content_type="application/json", headers=headers, charge=charge)


def cost_in_ticks(wish: Wish) -> int:
    each = wish.model.prices[wish.quality, wish.resolution]
    return wish.number * each + len(wish.references) * wish.model.input_price


def _item(wish: Wish, call: Call) -> dict[str, object]:
    picture = draw_picture(wish.prompt, secrets.token_hex(8), wish.size, MIME_TYPE, wish.references)
    place = {"url": keep_file(picture, call)} if wish.wants_url else {"b64_json": base64.b64encode(picture).decode()}
    return {**place, "mime_type": MIME_TYPE, "revised_prompt": "", "respect_moderation": True}
