"""The demonstration: invented people and complaints in the example region. Refused in production."""
