"""Feature flags: evaluated in memory by the rules of `app.flag_enabled`, served through OpenFeature."""
