"""Activities of the units: outputs that staff count or type, and the counters that coordinators define."""
