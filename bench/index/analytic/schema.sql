-- Films, who made them and what is said of them. Primary keys only; no foreign keys, as in a
-- warehouse.
CREATE TABLE kind_type (id int PRIMARY KEY, kind text NOT NULL);
CREATE TABLE company_type (id int PRIMARY KEY, kind text NOT NULL);
CREATE TABLE role_type (id int PRIMARY KEY, role text NOT NULL);
CREATE TABLE info_type (id int PRIMARY KEY, info text NOT NULL);
CREATE TABLE keyword (id int PRIMARY KEY, keyword text NOT NULL);
CREATE TABLE company_name (id int PRIMARY KEY, name text NOT NULL, country_code text);
CREATE TABLE name (id int PRIMARY KEY, name text NOT NULL, gender text, birth_country text);
CREATE TABLE title (
  id int PRIMARY KEY,
  title text NOT NULL,
  kind_id int NOT NULL,
  production_year int,
  episode_nr int,
  season_nr int
);
CREATE TABLE movie_companies (
  id int PRIMARY KEY,
  movie_id int NOT NULL,
  company_id int NOT NULL,
  company_type_id int NOT NULL,
  note text
);
CREATE TABLE cast_info (
  id int PRIMARY KEY,
  person_id int NOT NULL,
  movie_id int NOT NULL,
  role_id int NOT NULL,
  nr_order int,
  note text
);
CREATE TABLE movie_keyword (id int PRIMARY KEY, movie_id int NOT NULL, keyword_id int NOT NULL);
CREATE TABLE movie_info (
  id int PRIMARY KEY,
  movie_id int NOT NULL,
  info_type_id int NOT NULL,
  info text NOT NULL
);
CREATE TABLE movie_info_idx (
  id int PRIMARY KEY,
  movie_id int NOT NULL,
  info_type_id int NOT NULL,
  info text NOT NULL
);
CREATE TABLE movie_link (id int PRIMARY KEY, movie_id int NOT NULL, linked_movie_id int NOT NULL, link text NOT NULL);
