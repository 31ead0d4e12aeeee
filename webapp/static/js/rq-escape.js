// rq-dashboard draws job descriptions, results and exception texts with Underscore's <%= %>, which does not escape.
// Here it does: nothing that a job says is ever markup.
_.templateSettings = {
  evaluate: /<%([^=-][\s\S]*?)%>/g,
  interpolate: /((?!))/g, // never: but Underscore counts on a group in each
  escape: /<%[=-]([\s\S]+?)%>/g,
};
// Two fields of its list are escaped by hand already; once is enough.
document.querySelectorAll('script[type="text/template"]').forEach((template) => {
  template.textContent = template.textContent.replace(/\$\('<div\/>'\)\.text\(([\w.]+)\)\.html\(\)/g, "$1");
});
