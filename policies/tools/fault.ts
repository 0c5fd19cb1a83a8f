/** An input of the command line that cannot be used; its message is all that the user needs. */
export class InputFault extends Error {}
