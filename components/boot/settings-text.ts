/**
 * Settings of a boot as a function of the script that prints them: one `name=value` a line, in a here-document that the
 * shell does not expand. A value can hold anything but a line's end, so that nothing in it can be read as code.
 */
export type BootSettings = Readonly<Record<string, string>>;

const endMark = "END_OF_SETTINGS";
const namePattern = /^[a-zA-Z]+$/;
/** What would end a line, or the text: bash drops a NUL. */
const unwritable = /[\n\r\0]/;

/** @throws RangeError when a name is no word or a value has a line's end in it: settings are checked before they come here. */
export function bootSettingsText(settings: BootSettings): string {
  const lines = Object.entries(settings).map(([name, value]) => {
    if (!namePattern.test(name)) throw new RangeError(`the boot setting ${JSON.stringify(name)} has a wrong name; allowed: letters`);
    if (unwritable.test(value)) throw new RangeError(`the boot setting ${name} holds a line's end; allowed: one line of text`);
    return `${name}=${value}\n`;
  });
  return `boot_settings() { cat <<'${endMark}'\n${lines.join("")}${endMark}\n}\n`;
}
