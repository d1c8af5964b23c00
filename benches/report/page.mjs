export const reportPage = (f) => "<p>";
