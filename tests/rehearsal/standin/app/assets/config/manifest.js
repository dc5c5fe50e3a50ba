//= link main.js
//= link main.css
