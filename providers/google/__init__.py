"""What the vendors of Google share: reading its JSON, its error answers, the Gemini API's address and key."""
