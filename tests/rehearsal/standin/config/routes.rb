Rails.application.routes.draw do
  root "home#show"
  get "users/sign_in",          to: "home#sign_in"
  get ".well-known/nodeinfo",   to: "home#nodeinfo"
  get "people",                 to: "home#people"     # asks the database
  get "whoami",                 to: "looking_glass#whoami"
  get "settings",               to: "looking_glass#settings"
  get "slow/:seconds",          to: "looking_glass#slow"
  post "receive/public",        to: "receive#public"
  get "received",               to: "receive#index"   # what the jobs have done
  post "jobs/:worker",          to: "receive#queue"
  get "user/download_profile",  to: "users#download_profile"
  get "user/download_photos",   to: "users#download_photos"
  post "photos",                to: "photos#create"
end
