-- What most people do: an index on every column that is joined on.
CREATE INDEX ON movie_companies (movie_id);
CREATE INDEX ON movie_companies (company_id);
CREATE INDEX ON cast_info (person_id);
CREATE INDEX ON cast_info (movie_id);
CREATE INDEX ON movie_keyword (movie_id);
CREATE INDEX ON movie_keyword (keyword_id);
CREATE INDEX ON movie_info (movie_id);
CREATE INDEX ON movie_info_idx (movie_id);
CREATE INDEX ON movie_link (movie_id);
CREATE INDEX ON movie_link (linked_movie_id);
