"""Google's Gemini image models through the Gemini API (generativelanguage.googleapis.com)."""
