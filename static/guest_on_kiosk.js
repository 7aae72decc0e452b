// The scripts of a kiosk's form, in the order in which they run. They are sent as one (kiosk/screen/scripts.py).
import "./guest_bar.js";
import "./guest_kiosk.js";
import "./guest.js";
