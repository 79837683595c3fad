"""OpenAI's image models through the OpenAI API (api.openai.com)."""
