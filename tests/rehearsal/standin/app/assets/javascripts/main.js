//= require autosize/dist/autosize
document.addEventListener("DOMContentLoaded", () => console.log("ready"));
