"""Google's Imagen 4 models by `predict`, on the Gemini API and on Vertex AI."""
