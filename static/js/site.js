// What every page needs once it is loaded; each part finds its own elements and is quiet without.
import { attachDialogs } from "./dialogs.js";
import { attachTabs } from "./tabs.js";
import { attachTooltips } from "./tooltips.js";
import { attachSliders } from "./sliders.js";
import { attachToasts } from "./toasts.js";

attachDialogs(document);
attachTabs(document);
attachTooltips(document);
attachSliders(document);
attachToasts(document);
