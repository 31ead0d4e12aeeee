"""What a person should be told without looking: rules, and the alerts that they fire and clear.

A rule says what is wrong now; the lookout makes of it an alert that fires once and is cleared once; the webhook tells
those who do not look at the portal.
"""
