/** What reads a printed report, beside the browser that printed it. */
export const pdfPackages = ['pypdf==6.21.3'] as const;
