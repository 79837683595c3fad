"""Adobe Firefly Services: image models under an enterprise contract, by https://developer.adobe.com/firefly-services."""
