-- What a kiosk's screen measures, in millimetres: its width, the guest's distance, its lower edge above the floor.

ALTER TABLE link ADD COLUMN width_mm INTEGER;
ALTER TABLE link ADD COLUMN distance_mm INTEGER;
ALTER TABLE link ADD COLUMN lower_edge_mm INTEGER;
