// How <clothing-classifier> is used from a page's own code. The script is embed.js beside this file.

/** What is on a photo. The same record as in the page's downloads. */
export interface Prediction {
  /** The best label's id, such as "polo-shirt". */
  label: string;
  /** The same for people, such as "Polo shirt". */
  name: string;
  /** Its calibrated probability, 0 to 1. */
  probability: number;
  /** Whether that is a garment, and probable enough. Where it is not, the answer is but a guess. */
  recognised: boolean;
  /** Where it is not, but the garment is surely one of a family, such as tops: that, and how probable it is. */
  family: { id: string; name: string; probability: number } | null;
  /** All other labels, most probable first. */
  alternatives: { label: string; probability: number }[];
  /** Version of the network that answered. */
  model: string;
  milliseconds: { decode: number; infer: number };
  /** Of the upright photo, in pixels. */
  width: number;
  height: number;
}

/**
 * What can be asked about. Images and addresses are read as the files they are, if their server allows that (CORS);
 * canvases and videos as what they show at that moment.
 */
export type Photo =
  | Blob
  | BufferSource
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageBitmap
  | ImageData
  | HTMLVideoElement
  | VideoFrame
  | URL
  | string;

/** How far something is that takes a while. */
export interface Progress {
  /** "loading": bytes of the network. "classifying": photos passed to classify(). */
  phase: "loading" | "classifying";
  done: number;
  total: number;
}

export type ClassifierErrorCode =
  /** It is no photo, or one that cannot be used. */
  | "photo"
  /** classify() takes nothing of this kind. */
  | "argument"
  /** It could not be read: moved, deleted, not allowed to this page, or there is no picture yet. */
  | "unreadable"
  /** The network failed on it. */
  | "inference"
  /** It needs more memory than the browser gives. */
  | "crashed"
  | "timed-out"
  /** The network could not be loaded; the next classify() tries again. */
  | "engine"
  /** The page in the frame could not be opened; the next classify() tries again. */
  | "unreachable"
  /** The site's content security policy forbids the frame. */
  | "forbidden"
  /** The site's page is in a sandbox without allow-same-origin. */
  | "sandboxed"
  /** Script and page are not of the same version. */
  | "version"
  /** More than 1,000 photos wait. */
  | "too-many"
  /** reset() was called, or the element was taken out of the page. */
  | "reset"
  | "removed"
  /** A message that was not this script's. */
  | "unknown"
  | "malformed";

/** Why there is no answer. */
export class ClassifierError extends Error {
  readonly code: ClassifierErrorCode;
  /** What happened, in a sentence for people. */
  readonly reason: string;
  /** What can be done about it, likewise. */
  readonly remedy: string;
  /** The photo's name, if it is about one. */
  readonly file?: string;
}

export interface ClothingClassifierEventMap {
  /** The classifier is open and takes photos. The network itself comes with the first of them. */
  ready: CustomEvent<null>;
  progress: CustomEvent<Progress>;
  /** An answer, to classify() or to a photo of the visitor's. */
  classified: CustomEvent<Prediction & { file: string }>;
  error: CustomEvent<ClassifierError>;
}

type Events = Omit<HTMLElementEventMap, keyof ClothingClassifierEventMap> & ClothingClassifierEventMap;

/**
 * Asks what garment a photo shows.
 *
 * Parts: label, box, placeholder, frame, footer. Slots: placeholder, label, footer. Custom properties:
 * --clothing-classifier-height (what is reserved for it: 24rem, compact 12rem), -border, -radius, -font.
 */
export class ClothingClassifier extends HTMLElement {
  /** "lazy", the default: opened near the viewport, or when used. "eager": at once. */
  loading: "lazy" | "eager";
  /** "auto", the default, is as the visitor's device has it. */
  theme: "auto" | "light" | "dark";
  /** Colour of buttons and bars, as #rrggbb. It is darkened or lightened as far as it must be to be readable. */
  accent: string;
  /** Ids of the labels to choose among, separated by commas. "No garment" stays possible. Empty for all. */
  labels: string;
  /** Whether the visitor may have several photos in the list. As an attribute, "false" is false, as React 18 writes it. */
  multiple: boolean;
  /** A lower box with the most needful only. Likewise. */
  compact: boolean;
  /** Three pictures to try, for visitors without a photo at hand. */
  samples: boolean;

  /** Settles when the classifier is open: once it is near the viewport, or used. */
  readonly ready: Promise<void>;
  /**
   * What garment is on this photo? Answers come in the order in which the photos could be read: of files and
   * blobs, in that of the calls. The photo is not shown.
   * Rejects with a ClassifierError.
   */
  classify(photo: Photo): Promise<Prediction>;
  /** Forgets all photos, the visitor's and those that wait. */
  reset(): void;

  addEventListener<K extends keyof Events>(
    type: K,
    listener: (this: ClothingClassifier, event: Events[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

export {}; // what is not exported by name is not exported

declare global {
  interface HTMLElementTagNameMap {
    "clothing-classifier": ClothingClassifier;
  }
}
