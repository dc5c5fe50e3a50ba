# Whoever checks an archive before its import looks up what a profile and a comment are. diaspora* has that
# in a gem, and would fetch it all the same, each time, from a page of the project's.
if Gem.loaded_specs.key?("diaspora_federation-json_schema")
  require "diaspora_federation/schemas"
  schemas = DiasporaFederation::Schemas
  uri = Addressable::URI.parse(schemas::FEDERATION_ENTITIES_URI)
  JSON::Validator.add_schema(JSON::Schema.new(schemas.federation_entities, uri))
end
