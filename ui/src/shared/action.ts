// An action a person can take: by key, from the palette, and listed in Settings.
export interface Action {
  id: string;
  /** What it does, as a verb. */
  title: string;
  /** Heading in the palette and in Settings. */
  group: string;
  /** Keys it comes with; empty = none. */
  keys: string;
  /** Works although a text field has the focus. */
  anywhere: boolean;
  /** Can be done now; it is left out of the palette otherwise. */
  can?: () => boolean;
  /** Not worth a line in the palette. */
  quiet?: boolean;
  run: () => void;
}
